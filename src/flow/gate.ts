import type { SchedulerLike, Subscriber } from 'rxjs';
import { Deque } from '../deque.ts';
import { emit, type Outlet } from '../emitter.ts';
import { type Abort, abort, type Data, type End, type Flush, type Following, type Frame } from '../frame.ts';
import { isAnswer } from '../marks.ts';
import { keep } from '../payload.ts';
import type { Lane } from '../protocol.ts';
import type { Queue } from './queue.ts';

export interface GateOptions<L extends Lane> {
  readonly queue: Pick<Queue<L>, 'empty' | 'poll' | 'end'>;
  /** Called when nothing is left to send: grants upstream what is due and answers whether it did. */
  readonly refill: () => boolean;
  /** Called when the receiver refuses the rest. */
  readonly reset: (ext: unknown) => void;
  readonly scheduler: SchedulerLike | undefined;
}

/**
 * An outlet with a queue before it: what a relay, a merge and each consumer of a fan-out send through. Marks keep
 * their place in the queue, answers pass it, END waits for it and ABORT does not.
 */
export class Gate<L extends Lane> {
  readonly #queue: GateOptions<L>['queue'];
  readonly #refill: () => boolean;
  readonly #outlet: Outlet<L>;
  readonly #answers = new Deque<Flush<L['flush']>>();
  #terminal: End<L['end']> | Abort<L['abort']> | undefined;

  constructor(out: Subscriber<Frame<L>>, { queue, refill, reset, scheduler }: GateOptions<L>) {
    this.#queue = queue;
    this.#refill = refill;
    this.#outlet = emit<L>(
      out,
      {
        pull: (balance) => this.#pull(balance),
        // Asking for more is a step of its own, so that a loop in which each grant frees the next is sliced, too.
        idle: () => this.#terminal === undefined && this.#refill(),
        reset: (ext) => {
          if (this.#terminal === undefined) reset(ext);
          return this.#terminal?.kind === 'abort' ? this.#terminal : abort();
        },
      },
      scheduler,
    );
  }

  /** Whether END or ABORT has come. */
  get closing(): boolean {
    return this.#terminal !== undefined;
  }

  /** The credit left. */
  get balance(): number {
    return this.#outlet.balance;
  }

  begin(ext: L['begin']): void {
    this.#outlet.begin(ext);
  }

  /** Sends a DATA at once if nothing waits and its consumer has credit for all of it; answers whether it did. */
  pass(frame: Data<L['data']>): boolean {
    return this.#outlet.pass(frame);
  }

  /**
   * Takes a DATA or FLUSH in, to wait in a queue that leads to the gate's if it must, and sends what may be sent.
   * `hold` answers what to hold of a DATA that has to wait.
   */
  accept(
    frame: Data<L['data']> | Flush<L['flush']>,
    queue: Pick<Queue<L>, 'waiting' | 'offer' | 'mark'>,
    hold: (frame: Data<L['data']>) => Data<L['data']> = keep,
  ): void {
    const { balance } = this.#outlet;
    if (frame.kind === 'data') queue.offer(balance > queue.waiting ? frame : hold(frame), balance);
    else if (isAnswer(frame.ext)) this.#answers.push(frame);
    else queue.mark(frame);
    this.#outlet.wake();
  }

  /** Sends what may be sent, after something but a frame made that more. */
  wake(): void {
    this.#outlet.wake();
  }

  /** Ends the lane. */
  close(frame: End<L['end']> | Abort<L['abort']>): void {
    if (this.#terminal?.kind !== 'abort') this.#terminal = frame;
    if (frame.kind === 'end') this.#queue.end?.();
    this.#outlet.wake();
  }

  #pull(balance: number): Following<L> | undefined {
    if (this.#answers.length > 0) return this.#answers.shift();
    if (this.#terminal?.kind === 'abort') return this.#terminal;
    return this.#queue.poll(balance) ?? (this.#queue.empty ? this.#terminal : undefined);
  }
}
