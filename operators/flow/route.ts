import { Observable, of, type Subscriber, Subscription } from 'rxjs';
import { reset } from '../../src/control.ts';
import { Deque } from '../../src/deque.ts';
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
      const upstream = new Subscription();
      const handoff = new Handoff<Frame<P['initial']>>(() => upstream.unsubscribe());
      let chosen = false;
      reply.add(upstream);
      const listening = listen(initial, reply, {
        next(frame) {
          if (chosen) return handoff.send((taker) => taker.next(frame));
          const exit = frame.kind === 'begin' ? choose(frame.ext) : undefined;
          if (exit !== undefined) {
            chosen = true;
            handoff.send((taker) => taker.next(frame));
            listen(exit(handoff.frames), reply, { next: (answer) => reply.next(answer) });
            return;
          }
          const fault =
            frame.kind === 'abort' ? frame.ext : new SluiceError('ROUTE_NONE', 'no route takes this stream');
          if (frame.kind === 'begin') frame.control(reset(fault));
          reply.next(abort(fault));
          reply.complete();
        },
        error: (defect) => (chosen ? handoff.send((taker) => taker.error(defect)) : reply.error(defect)),
        complete: () => (chosen ? handoff.send((taker) => taker.complete()) : reply.complete()),
      });
      upstream.add(listening);
    });

/** What a stream is led to that is refused: its reply is a lone ABORT. */
export const refusing =
  <P extends Protocol>(fault: P['reply']['abort']): Binding<P> =>
  () =>
    of(abort(fault));

/** Hands one stream over to one subscriber, who may come after it began, and tells when that one has left. */
class Handoff<T> {
  readonly frames: Observable<T>;
  readonly #waiting = new Deque<(taker: Subscriber<T>) => void>();
  #taker: Subscriber<T> | undefined;
  #delivering = false;

  constructor(onLeave: () => void) {
    this.frames = new Observable((taker) => {
      if (this.#taker !== undefined) return taker.error(new SluiceError('ROUTE_TAKEN', 'an exit subscribed again'));
      this.#taker = taker;
      this.#deliver();
      return onLeave;
    });
  }

  /** Delivers in order, one at a time: what a grant inside a delivery brings waits for its turn. */
  send(deliver: (taker: Subscriber<T>) => void): void {
    this.#waiting.push(deliver);
    this.#deliver();
  }

  #deliver(): void {
    if (this.#delivering || this.#taker === undefined) return;
    this.#delivering = true;
    for (let deliver = this.#waiting.shift(); deliver !== undefined; deliver = this.#waiting.shift()) {
      deliver(this.#taker);
    }
    this.#delivering = false;
  }
}
