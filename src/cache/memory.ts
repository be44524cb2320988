import type { Segment } from './segment.ts';

/**
 * Keeps what was read last in memory, bounded in bytes and shared by all logs of a cache. Reading only marks a segment, since
 * it is done at every send: the oldest goes, unless it was read since it was held or spared.
 */
export class Memory {
  readonly #limit: number;
  /** What each is forgotten by, the one that was held or spared longest ago first. */
  readonly #held = new Map<Segment, () => void>();
  #bytes = 0;

  /** @param limit in bytes; the one that was held last is kept whatever it takes */
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
    // One that is spared comes again, behind the others.
    for (const [oldest, forgetOldest] of this.#held) {
      if (this.#bytes <= this.#limit || this.#held.size === 1) return;
      if (oldest.isRead || oldest === segment) this.#spare(oldest, forgetOldest);
      else {
        this.release(oldest);
        forgetOldest();
      }
    }
  }

  /** Lets go of a segment. */
  release(segment: Segment): void {
    if (this.#held.delete(segment)) this.#bytes -= segment.bytes;
  }

  #spare(segment: Segment, forget: () => void): void {
    segment.isRead = false;
    this.#held.delete(segment);
    this.#held.set(segment, forget);
  }
}
