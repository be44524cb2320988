import { Deque } from '../deque.ts';
import type { Data, Flush } from '../frame.ts';
import { isAnswer } from '../marks.ts';
import type { Lane } from '../protocol.ts';
import type { Queue } from './queue.ts';

/** One of several sources that take turns. */
export interface Input<L extends Lane> {
  /** Whether it has nothing to send for now. */
  readonly empty: boolean;
  /** Whether what it sends next costs nothing. */
  readonly free: boolean;
  /**
   * Its next frame: DATA only on a balance >= 1, cut to it; a mark on any. One that answers `undefined` is asked again
   * when it is next `ready`.
   */
  poll(balance: number): Data<L['data']> | Flush<L['flush']> | undefined;
}

/** The place of one input in a rotation. */
export class Seat<L extends Lane> {
  readonly input: Input<L>;
  /** Whether it waits for its turn. */
  listed = false;
  /** Whether it sends nothing more than what waits of it. */
  ended = false;
  /** Whether it has given its first caught-up mark. */
  level = false;

  constructor(input: Input<L>) {
    this.input = input;
  }
}

/**
 * Lets inputs with something to send take turns, one frame each, and joins their first caught-up marks into one, told
 * behind all that each had to send before its own, or before its end. It is what a `Gate` sends from, and looks only at
 * inputs that are ready: those that wait for credit are not asked without any.
 */
export class Rotation<L extends Lane> implements Pick<Queue<L>, 'empty' | 'poll'> {
  // Those whose next is a mark go first: it costs nothing.
  readonly #free = new Deque<Seat<L>>();
  readonly #paid = new Deque<Seat<L>>();
  readonly #behind = new Set<Seat<L>>();
  #level: Flush<L['flush']> | undefined;
  #gathering = true;
  #told = false;

  get empty(): boolean {
    return this.#free.length === 0 && this.#paid.length === 0 && !this.#due;
  }

  /** Takes an input in; the one caught-up mark, unless it is told already, waits for that of this input, too. */
  join(input: Input<L>): Seat<L> {
    const seat = new Seat(input);
    if (!this.#told) this.#behind.add(seat);
    if (!input.empty) this.ready(seat);
    return seat;
  }

  /** Learns that an input has something to send; to be called whenever it had nothing. */
  ready(seat: Seat<L>): void {
    if (seat.listed) return;
    seat.listed = true;
    (seat.input.free ? this.#free : this.#paid).push(seat);
  }

  /** Learns that an input sends nothing more; it counts as caught up once what waits of it has left. */
  leave(seat: Seat<L>): void {
    seat.ended = true;
    if (seat.input.empty) this.#behind.delete(seat);
  }

  /** The inputs there are to begin with are known: until then nothing is told to be caught up. */
  gathered(): void {
    this.#gathering = false;
  }

  poll(balance: number): Data<L['data']> | Flush<L['flush']> | undefined {
    for (;;) {
      if (this.#due) {
        this.#told = true;
        return this.#level;
      }
      const seat = this.#free.shift() ?? (balance > 0 ? this.#paid.shift() : undefined);
      if (seat === undefined) return undefined;
      const { input } = seat;
      seat.listed = false;
      const frame = input.poll(balance);
      if (input.empty) {
        if (seat.ended) this.#behind.delete(seat);
      } else if (frame !== undefined) this.ready(seat);
      if (frame !== undefined && !this.#joins(seat, frame)) return frame;
    }
  }

  get #due(): boolean {
    return this.#level !== undefined && !this.#told && !this.#gathering && this.#behind.size === 0;
  }

  /** Whether a frame is an input's share of the one caught-up mark, which is told when the last has given it. */
  #joins(seat: Seat<L>, frame: Data<L['data']> | Flush<L['flush']>): boolean {
    if (frame.kind === 'data' || isAnswer(frame.ext) || frame.ext.mark !== 'caught-up') return false;
    if (this.#told && seat.level) return false;
    seat.level = true;
    this.#level ??= frame;
    if (this.#behind.delete(seat)) this.#level = frame;
    return true;
  }
}
