import { Deque } from './deque.ts';
import { type Data, type Flush, flush } from './frame.ts';
import type { Gap } from './marks.ts';
import { cut, keep } from './payload.ts';
import type { RunLane } from './protocol.ts';
import { type Owe, pushMark, type Queue } from './queue.ts';
import { charged, type Positioned, type Run } from './run.ts';

/** A DATA that waits and what is told before it: first the gaps, which have no place of their own, then marks. */
interface Cell<R> {
  readonly gaps: Map<number, Gap>;
  readonly marks: Deque<Flush<never>>;
  frame: Data<Run<R>> | undefined;
}

/**
 * Holds at most `capacity` of credit, or a single record that costs more, and drops what is too much: the oldest that
 * waits, or the newest that comes. Credit is owed on arrival, so upstream never waits. Each stretch that was dropped is
 * told by a gap mark, which waits for credit as DATA would, so that a consumer that takes nothing is not flooded.
 */
export class DroppingQueue<R extends Positioned> implements Queue<RunLane<R>> {
  readonly #capacity: number;
  readonly #drop: 'oldest' | 'newest';
  readonly #owe: Owe;
  readonly #cells = new Deque<Cell<R>>();
  #waiting = 0;

  constructor(capacity: number, drop: 'oldest' | 'newest', owe: Owe) {
    this.#capacity = capacity;
    this.#drop = drop;
    this.#owe = owe;
    this.#cells.push(emptyCell());
  }

  get empty(): boolean {
    const { gaps, marks, frame } = this.#head;
    return frame === undefined && gaps.size === 0 && marks.length === 0;
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
      this.#open.frame = accepted;
      this.#waiting += accepted.reserved;
      this.#cells.push(emptyCell());
    }
    if (refused !== undefined) lose(this.#open, refused.payload);
    if (this.#drop === 'oldest') this.#dropOldest(limit);
  }

  mark(frame: Flush<never>): void {
    pushMark(this.#open.marks, frame);
  }

  poll(balance: number): Data<Run<R>> | Flush<never> | undefined {
    const { gaps, marks, frame } = this.#head;
    if (gaps.size > 0) {
      if (balance <= 0) return undefined;
      const [[partition, gap]] = gaps as unknown as [[number, Gap]];
      gaps.delete(partition);
      return flush(gap) as Flush<never>;
    }
    if (marks.length > 0) return marks.shift();
    if (frame === undefined || balance <= 0) return undefined;
    return this.#take(frame, balance);
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
      lose(head, dropped.payload);
      this.#waiting -= dropped.reserved;
      head.frame = rest && keep(rest);
      if (rest === undefined) this.#joinNext(head);
    }
  }

  #joinNext(head: Cell<R>): void {
    this.#cells.shift();
    const next = this.#head;
    for (const [partition, gap] of next.gaps) extend(head.gaps, partition, gap);
    for (let mark = next.marks.shift(); mark !== undefined; mark = next.marks.shift()) pushMark(head.marks, mark);
    head.frame = next.frame;
    this.#cells.first = head;
  }
}

const emptyCell = <R>(): Cell<R> => ({ gaps: new Map(), marks: new Deque(), frame: undefined });

function butLast<R>({ payload }: Data<Run<R>>): readonly [Data<Run<R>> | undefined, Data<Run<R>>?] {
  const last = payload.length - 1;
  return last === 0 ? [undefined] : [charged(payload.slice(0, last)), charged(payload.slice(last, last + 1))];
}

function lose<R extends Positioned>({ gaps }: Cell<R>, run: Run<R>): void {
  for (let index = 0; index < run.length; index += 1) {
    const { partition, offset } = run.at(index);
    extend(gaps, partition, { mark: 'gap', partition, from: offset, to: offset + 1n, reason: 'overflow' });
  }
}

function extend(gaps: Map<number, Gap>, partition: number, gap: Gap): void {
  gaps.set(partition, { ...gap, from: gaps.get(partition)?.from ?? gap.from });
}
