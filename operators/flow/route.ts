import { Observable, type Subscriber } from 'rxjs';
import { reset } from '../../src/control.ts';
import { SluiceError } from '../../src/errors.ts';
import { abort, type Frame } from '../../src/frame.ts';
import { listen } from '../../src/listen.ts';
import type { Binding, Protocol } from '../../src/protocol.ts';

/**
 * Leads each stream through the exit chosen for it when it begins.
 *
 *     initial   B-a-b-(E|)       choose(B's ext) answers the exit
 *     exit gets B-a-b-(E|)
 *     reply     the exit's
 *
 * - *emits* what the exit replies
 * - *drops* nothing; a stream for which nothing is chosen is reset and its reply is ABORT with `ROUTE_NONE`
 * - *backpressures* when the exit does: it has no window of its own
 * - *ends* when the exit's reply does
 */
export const route =
  <P extends Protocol>(choose: (ext: P['initial']['begin']) => Binding<P> | undefined): Binding<P> =>
  (initial) =>
    new Observable((reply) => {
      const handoff = new Handoff<Frame<P['initial']>>();
      let chosen = false;
      const listening = listen(initial, reply, {
        next(frame) {
          if (chosen) return handoff.next(frame);
          const exit = frame.kind === 'begin' ? choose(frame.ext) : undefined;
          if (exit !== undefined) {
            chosen = true;
            handoff.next(frame);
            handoff.onLeave = () => listening.unsubscribe();
            listen(exit(handoff.frames), reply, { next: (answer) => reply.next(answer) });
            return;
          }
          const fault =
            frame.kind === 'abort' ? frame.ext : new SluiceError('ROUTE_NONE', 'no route takes this stream');
          if (frame.kind === 'begin') frame.control(reset(fault));
          reply.next(abort(fault));
          reply.complete();
        },
        error: (defect) => (chosen ? handoff.error(defect) : reply.error(defect)),
        complete: () => (chosen ? handoff.complete() : reply.complete()),
      });
    });

/** Hands one stream over to one subscriber, who may come after it began. */
class Handoff<T> {
  readonly frames: Observable<T>;
  onLeave: () => void = () => {};
  #early: ((taker: Subscriber<T>) => void)[] = [];
  #taker: Subscriber<T> | undefined;

  constructor() {
    this.frames = new Observable((taker) => {
      this.#taker = taker;
      for (const deliver of this.#early) deliver(taker);
      this.#early = [];
      return () => this.onLeave();
    });
  }

  next(value: T): void {
    if (this.#taker === undefined) this.#early.push((taker) => taker.next(value));
    else this.#taker.next(value);
  }

  error(defect: unknown): void {
    if (this.#taker === undefined) this.#early.push((taker) => taker.error(defect));
    else this.#taker.error(defect);
  }

  complete(): void {
    if (this.#taker === undefined) this.#early.push((taker) => taker.complete());
    else this.#taker.complete();
  }
}
