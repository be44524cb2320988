import { Deque } from '../deque.ts';
import { type Data, data, type Flush } from '../frame.ts';
import { cut, keep } from '../payload.ts';
import type { RunLane } from '../protocol.ts';
import type { Positioned, Run } from '../run.ts';
import type { Owe, Queue } from './queue.ts';
import { Told } from './told.ts';

/** A DATA that waits, and what is told before it. */
interface Cell<R> {
  readonly told: Told;
  frame: Data<Run<R>> | undefined;
}

/**
 * Holds at most `capacity` of credit, or a single record that costs more, and drops what is too much: the oldest that
 * waits, or the newest that comes. Credit is owed on arrival, so upstream never waits. Each stretch that was dropped is
 * told by a gap mark, which waits for credit as DATA would, so that a consumer that takes nothing is not flooded; once
 * END has come nothing more can be dropped, and a gap costs nothing.
 */
export class DroppingQueue<R extends Positioned> implements Queue<RunLane<R>> {
  readonly #capacity: number;
  readonly #drop: 'oldest' | 'newest';
  readonly #owe: Owe;
  readonly #cells = new Deque<Cell<R>>();
  #waiting = 0;
  #ended = false;

  constructor(capacity: number, drop: 'oldest' | 'newest', owe: Owe) {
    this.#capacity = capacity;
    this.#drop = drop;
    this.#owe = owe;
    this.#cells.push(emptyCell());
  }

  get empty(): boolean {
    const { told, frame } = this.#head;
    return frame === undefined && told.empty;
  }

  get waiting(): number {
    return this.#waiting;
  }

  offer(frame: Data<Run<R>>, balance: number): void {
    this.#owe(frame.reserved);
    const limit = this.#capacity + Math.max(0, balance);
    const room = this.#drop === 'newest' ? limit - this.#waiting : Number.POSITIVE_INFINITY;
    const [accepted, refused] = room > 0 ? (cut(frame, room) ?? [frame]) : [undefined, frame];
    if (accepted !== undefined) {
      this.#open.frame = refused === undefined ? accepted : keep(accepted);
      this.#waiting += accepted.reserved;
      this.#cells.push(emptyCell());
    }
    if (refused !== undefined) this.#open.told.lose(refused.payload);
    if (this.#drop === 'oldest') this.#dropOldest(limit);
  }

  mark(frame: Flush<never>): void {
    this.#open.told.mark(frame);
  }

  end(): void {
    this.#ended = true;
  }

  poll(balance: number): Data<Run<R>> | Flush<never> | undefined {
    const { told, frame } = this.#head;
    if (!told.empty) return told.poll(balance > 0 || this.#ended);
    return frame === undefined || balance <= 0 ? undefined : this.#take(frame, balance);
  }

  get #head(): Cell<R> {
    return this.#cells.first as Cell<R>;
  }

  get #open(): Cell<R> {
    return this.#cells.last as Cell<R>;
  }

  #take(frame: Data<Run<R>>, balance: number): Data<Run<R>> {
    const parts = cut(frame, balance);
    if (parts === undefined) this.#cells.shift();
    else this.#head.frame = keep(parts[1]);
    const head = parts === undefined ? frame : parts[0];
    this.#waiting -= head.reserved;
    return head;
  }

  #dropOldest(limit: number): void {
    while (this.#waiting > limit) {
      const head = this.#head;
      const frame = head.frame as Data<Run<R>>;
      const newest = this.#cells.length === 2;
      const [dropped, rest] = cut(frame, this.#waiting - limit) ?? (newest ? butLast(frame) : [frame]);
      if (dropped === undefined) return;
      head.told.lose(dropped.payload);
      this.#waiting -= dropped.reserved;
      head.frame = rest && keep(rest);
      if (rest === undefined) this.#joinNext(head);
    }
  }

  #joinNext(head: Cell<R>): void {
    this.#cells.shift();
    const next = this.#head;
    head.told.join(next.told);
    head.frame = next.frame;
    this.#cells.first = head;
  }
}

const emptyCell = <R>(): Cell<R> => ({ told: new Told(), frame: undefined });

function butLast<R>({ payload, reserved }: Data<Run<R>>): readonly [Data<Run<R>> | undefined, Data<Run<R>>?] {
  const last = payload.length - 1;
  if (last === 0) return [undefined];
  const cost = payload.cost(last);
  return [data(payload.slice(0, last), reserved - cost), data(payload.slice(last, last + 1), cost)];
}
