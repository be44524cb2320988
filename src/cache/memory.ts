import type { Segment } from './segment.ts';

/** Keeps what was read last in memory, bounded in bytes and shared by all logs of a cache. */
export class Memory {
  readonly #limit: number;
  /** What each is forgotten by, the one that was read longest ago first. */
  readonly #held = new Map<Segment, () => void>();
  #bytes = 0;

  /** @param limit in bytes; the one that was read last is held whatever it takes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The memory that is taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Holds a segment until there is no room for it, which `forget` is told. */
  hold(segment: Segment, forget: () => void): void {
    this.#held.set(segment, forget);
    this.#bytes += segment.bytes;
    for (const [oldest, forgetOldest] of this.#held) {
      if (this.#bytes <= this.#limit || oldest === segment) return;
      this.release(oldest);
      forgetOldest();
    }
  }

  /** Notes that a segment is read. */
  touch(segment: Segment): void {
    const forget = this.#held.get(segment);
    if (forget === undefined) return;
    this.#held.delete(segment);
    this.#held.set(segment, forget);
  }

  /** Lets go of a segment. */
  release(segment: Segment): void {
    if (this.#held.delete(segment)) this.#bytes -= segment.bytes;
  }
}
