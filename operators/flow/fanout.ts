import { Observable, type SchedulerLike, Subscriber } from 'rxjs';
import { Account } from '../../src/credit.ts';
import { Deque } from '../../src/deque.ts';
import { positive } from '../../src/errors.ts';
import { ConflatingQueue, type KeyOf } from '../../src/flow/conflating-queue.ts';
import { DroppingQueue } from '../../src/flow/dropping-queue.ts';
import { Gate } from '../../src/flow/gate.ts';
import { Fifo, type Queue } from '../../src/flow/queue.ts';
import { abort, type Begin, type Data, type Frame } from '../../src/frame.ts';
import { listen } from '../../src/listen.ts';
import { Loop } from '../../src/loop.ts';
import { keep } from '../../src/payload.ts';
import type { AnyLane, GapLane, Lane, RunLane } from '../../src/protocol.ts';
import type { Positioned } from '../../src/run.ts';
import { eventLoop } from '../../src/scheduler.ts';

interface Limits {
  /** The credit granted upstream, an integer >= 1, in the unit of `reserved`. */
  readonly window: number;
  /** How much waits for a consumer at the most, in the same unit; a single DATA may exceed it. */
  readonly capacity: number;
  readonly scheduler?: SchedulerLike;
}

interface Conflating<R extends Positioned> extends Limits {
  readonly overflow: 'conflate';
  readonly key: KeyOf<R>;
}

export type FanoutOptions<R extends Positioned> =
  | (Limits & { readonly overflow: 'abort' | 'drop-oldest' })
  | Conflating<R>;

/**
 * Serves one upstream lane to every subscriber of the result, each at its own pace. The first subscriber subscribes
 * upstream, the last to leave unsubscribes; one that comes late gets BEGIN and what follows.
 *
 *     records   -a-b-c-d-|       overflow 'drop-oldest', capacity 2
 *     one has   9---------
 *     one gets  Ba-b-c-d-(E|)
 *     two has   --------9-
 *     two gets  B-------(gcd)(E|)    g tells the gap of a and b
 *
 * - *emits* to each consumer while its balance is positive
 * - *conflates or drops* for a consumer with more than `capacity` waiting, by the `overflow` named: `conflate` keeps the
 *   newest of each key, and aborts if those are still too many; `drop-oldest` drops and tells a gap mark (reason
 *   `overflow`); `abort` aborts with `FANOUT_OVERFLOW`
 * - *backpressures* upstream never for a consumer: none without credit delays another
 * - *ends* each consumer on END once it has drained; at once on ABORT
 *
 * @throws SluiceError OPTION_INVALID
 */
export function fanout(options: Limits & { readonly overflow: 'abort' }): AnyLane;
export function fanout<R extends Positioned>(options: Conflating<R>): AnyLane<RunLane<R>>;
export function fanout<R extends Positioned>(options: FanoutOptions<R>): GapLane<RunLane<R>>;
export function fanout<R extends Positioned>(options: FanoutOptions<R>): AnyLane<RunLane<R>> {
  positive('window', options.window);
  positive('capacity', options.capacity);
  const share = (source: Observable<Frame<RunLane<R>>>) => {
    let hub: Hub<RunLane<R>> | undefined;
    return new Observable<Frame<RunLane<R>>>((out) => {
      const first = hub === undefined || hub.over;
      if (first) hub = new Hub(options);
      hub?.join(out, queueFor(options));
      if (first) hub?.listen(source);
    });
  };
  return share as AnyLane<RunLane<R>>;
}

function queueFor<R extends Positioned>(options: FanoutOptions<R>): Queue<RunLane<R>> {
  // Upstream has its credit back when every consumer was served, so what a queue frees is owed to nobody.
  const owe = () => {};
  switch (options.overflow) {
    case 'conflate':
      return new ConflatingQueue(options.key, owe);
    case 'drop-oldest':
      return new DroppingQueue(options.capacity, 'oldest', owe);
    case 'abort':
      return new Fifo<RunLane<R>>(owe);
  }
}

interface Consumer<L extends Lane> {
  readonly out: Subscriber<Frame<L>>;
  readonly gate: Gate<L>;
  readonly queue: Queue<L>;
  begun: boolean;
}

/** One subscription upstream and its consumers. */
class Hub<L extends Lane> {
  readonly #capacity: number;
  readonly #scheduler: SchedulerLike | undefined;
  readonly #account: Account;
  readonly #consumers = new Map<Subscriber<Frame<L>>, Consumer<L>>();
  readonly #frames = new Deque<Frame<L>>();
  readonly #loop: Loop;
  readonly #upstream: Subscriber<never>;
  // What the consumers for which a DATA has to wait hold of it together.
  #held: Data<L['data']> | undefined;
  readonly #hold = (frame: Data<L['data']>): Data<L['data']> => {
    this.#held ??= keep(frame);
    return this.#held;
  };
  #opened: Begin<L['begin']> | undefined;
  #serving: Iterator<Consumer<L>> | undefined;
  /** Whether it takes no more consumers. */
  over = false;

  constructor({ window, capacity, scheduler }: Limits) {
    this.#capacity = capacity;
    this.#scheduler = scheduler;
    this.#account = new Account(window);
    this.#upstream = new Subscriber<never>({
      next: () => {},
      error: (defect: unknown) => this.#finish((out) => out.error(defect)),
      complete: () => this.#finish((out) => out.complete()),
    });
    this.#loop = new Loop(
      () => this.#step(),
      (thrown) => this.#upstream.error(thrown),
      scheduler ?? eventLoop,
    );
  }

  join(out: Subscriber<Frame<L>>, queue: Queue<L>): void {
    const gate = new Gate<L>(out, { queue, refill: () => false, reset: () => {}, scheduler: this.#scheduler });
    const consumer = { out, gate, queue, begun: false };
    this.#consumers.set(out, consumer);
    out.add(() => this.#leave(out));
    if (this.#opened !== undefined) this.#serve(consumer, this.#opened);
  }

  #leave(out: Subscriber<Frame<L>>): void {
    this.#consumers.delete(out);
    if (this.#consumers.size > 0) return;
    this.over = true;
    this.#loop.stop();
    this.#upstream.unsubscribe();
  }

  listen(source: Observable<Frame<L>>): void {
    listen(source, this.#upstream, {
      next: (frame) => {
        if (frame.kind === 'begin') {
          this.#opened = frame;
          this.#account.open(frame.control);
        }
        this.over ||= frame.kind === 'end' || frame.kind === 'abort';
        this.#frames.push(frame);
        this.#loop.wake();
      },
      complete: () => {
        if (!this.over) this.#upstream.complete();
      },
    });
  }

  /** Serves one frame to one consumer. */
  #step(): boolean {
    const frame = this.#frames.first;
    if (frame === undefined) return this.#account.settle();
    this.#serving ??= this.#consumers.values();
    const { value: consumer, done } = this.#serving.next();
    if (done) {
      this.#serving = undefined;
      this.#held = undefined;
      this.#frames.shift();
      if (frame.kind === 'data') this.#account.owe(frame.reserved);
    } else {
      try {
        this.#serve(consumer, frame);
      } catch (thrown) {
        consumer.out.error(thrown);
      }
    }
    return true;
  }

  #serve(consumer: Consumer<L>, frame: Frame<L>): void {
    const { gate, queue } = consumer;
    if (gate.closing) return;
    if (frame.kind === 'begin') {
      if (!consumer.begun) gate.begin(frame.ext);
      consumer.begun = true;
      return;
    }
    if (frame.kind === 'end' || frame.kind === 'abort') return gate.close(frame);
    if (frame.kind === 'data' && gate.pass(frame)) return;
    gate.accept(frame, queue, this.#hold);
    if (frame.kind === 'flush') return;
    const backlog = queue.waiting - Math.max(0, gate.balance);
    if (backlog > this.#capacity && backlog > frame.reserved) {
      gate.close(
        abort({ code: 'FANOUT_OVERFLOW', message: `more than ${this.#capacity} of credit waits for this consumer` }),
      );
    }
  }

  #finish(end: (out: Subscriber<Frame<L>>) => void): void {
    this.over = true;
    for (const out of [...this.#consumers.keys()]) end(out);
  }
}
