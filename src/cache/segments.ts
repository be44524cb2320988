import type { Memory } from './memory.ts';
import type { Segment } from './segment.ts';

/** The segments of one log that are in memory, in offset order; none overlap. */
export class Segments {
  readonly #memory: Memory;
  #list: Segment[] = [];

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** The segment with an offset. */
  at(offset: bigint): Segment | undefined {
    const segment = this.#list[this.#indexOf(offset)];
    if (segment === undefined || segment.from > offset) return undefined;
    segment.isRead = true;
    return segment;
  }

  /** Holds a segment, in place of what overlaps it. */
  put(segment: Segment): void {
    this.drop(segment.from, segment.to);
    this.#list.splice(this.#indexOf(segment.from), 0, segment);
    this.#memory.hold(segment, () => this.#list.splice(this.#list.indexOf(segment), 1));
  }

  /** Forgets what has offsets from `from` up to, not including, `to`; everything by default. */
  drop(from?: bigint, to?: bigint): void {
    const start = from === undefined ? 0 : this.#indexOf(from);
    let end = start;
    while (end < this.#list.length && (to === undefined || (this.#list[end] as Segment).from < to)) end += 1;
    for (const segment of this.#list.splice(start, end - start)) this.#memory.release(segment);
  }

  /** The first segment that ends behind an offset. */
  #indexOf(offset: bigint): number {
    let [low, high] = [0, this.#list.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#list[middle] as Segment).to <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
