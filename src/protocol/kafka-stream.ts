import { Observable, type SchedulerLike, Subscriber } from 'rxjs';
import { reset } from '../control.ts';
import { emit, type Outlet, type Source } from '../emitter.ts';
import { abort, type Begin, end, type Following, type Frame } from '../frame.ts';
import { type Listener, listen } from '../listen.ts';
import type { Binding } from '../protocol.ts';
import type { Kafka, KafkaBegin, KafkaReplyBegin } from './kafka.ts';
import { isFault } from './kafka-error.ts';

type Initial = Kafka['initial'];
type Reply = Kafka['reply'];

/** One stream in the hands of who answers it. */
export interface Stream {
  /** What it lives in: what is added to it ends with the stream. A fault that it errors with aborts the stream. */
  readonly life: Subscriber<never>;
  /** The credit left. */
  readonly balance: number;
  /** Sends BEGIN. */
  begin(ext: KafkaReplyBegin): void;
  /** Pulls what there is to send. */
  wake(): void;
  /** Ends the reply, as soon as it has begun. */
  close(): void;
}

/** What answers a stream: its reply, and what it does with the initial lane. */
export interface Answering {
  /** As `Source.pull`; a fault that it throws aborts the stream. */
  pull(balance: number): Following<Reply> | undefined;
  /** As `Source.idle`. */
  idle?(): boolean;
  /** Takes what comes behind BEGIN, but for an ABORT; without it, END ends the reply at once. */
  receive?(frame: Exclude<Following<Initial>, { kind: 'abort' }>): void;
}

/**
 * A binding that answers each stream by what `open` makes of its BEGIN; a fault that it throws aborts the stream. A stream
 * that is given up by its opener is given up; one that fails resets the initial lane, too.
 */
export const answer =
  (open: Open, scheduler: SchedulerLike): Binding<Kafka> =>
  (initial) =>
    new Observable((out) => {
      listen(initial, out, new AnsweredStream(out, open, scheduler));
    });

type Open = (begin: Begin<KafkaBegin>, stream: Stream) => Answering;

class AnsweredStream implements Stream, Source<Reply>, Listener<Frame<Initial>> {
  readonly life: Subscriber<never>;
  readonly #open: Open;
  readonly #out: Subscriber<Frame<Reply>>;
  readonly #outlet: Outlet<Reply>;
  #answering: Answering | undefined;
  #terminal: Following<Reply> | undefined;
  #opening: Begin<KafkaBegin> | undefined;
  #hasBegun = false;
  #hasEnded = false;

  constructor(out: Subscriber<Frame<Reply>>, open: Open, scheduler: SchedulerLike) {
    this.#open = open;
    this.#out = out;
    this.#outlet = emit<Reply>(out, this, scheduler);
    this.life = new Subscriber<never>({
      next() {},
      error: (thrown: unknown) => this.#fail(thrown),
      complete() {},
    });
    out.add(this.life);
  }

  get balance(): number {
    return this.#outlet.balance;
  }

  begin(ext: KafkaReplyBegin): void {
    this.#hasBegun = true;
    this.#outlet.begin(ext);
    if (this.#hasEnded) this.close();
  }

  wake(): void {
    this.#outlet.wake();
  }

  /** At the end of the initial lane; a reply that has not begun yet does, first. */
  close(): void {
    this.#hasEnded = true;
    if (this.#hasBegun) this.#finish(end());
  }

  pull(balance: number): Following<Reply> | undefined {
    if (this.#terminal !== undefined || !this.#hasBegun) return this.#terminal;
    try {
      const next = this.#answering?.pull(balance);
      if (next !== undefined) return next;
    } catch (thrown) {
      this.#fail(thrown);
    }
    return this.#terminal;
  }

  idle(): boolean {
    if (!this.#hasBegun) return false;
    try {
      return this.#answering?.idle?.() ?? false;
    } catch (thrown) {
      this.#fail(thrown);
      return false;
    }
  }

  next(frame: Frame<Initial>): void {
    if (frame.kind === 'begin') {
      this.#opening = frame;
      try {
        this.#answering = this.#open(frame, this);
      } catch (thrown) {
        this.#fail(thrown);
      }
      this.wake();
    } else if (frame.kind === 'abort') {
      this.#opening = undefined;
      this.#finish(abort(frame.ext));
    } else {
      if (frame.kind === 'end') this.#opening = undefined;
      if (this.#answering?.receive !== undefined) this.#answering.receive(frame);
      else if (frame.kind === 'end') this.close();
    }
  }

  complete(): void {}

  #finish(frame: Following<Reply>): void {
    this.#terminal ??= frame;
    this.wake();
  }

  #fail(thrown: unknown): void {
    if (!isFault(thrown)) return this.#out.error(thrown);
    if (this.#terminal !== undefined) return;
    this.#terminal = abort(thrown);
    this.#opening?.control(reset(thrown));
    this.wake();
  }
}
