/** How many superseded records are remembered at most: they take 7 MB, or 16 where offsets are beyond 2^30. */
const MOST = 1 << 18;

interface Hold {
  readonly end: number;
  /** Whether all that was superseded since it was taken is remembered. */
  isExact: boolean;
}

/**
 * The snapshots of a log that are being read, and what they need of what is superseded by now. A snapshot is taken where the
 * index stands, so that the newest record of each key is the one that it sees; whatever supersedes one of those while it is
 * read is remembered, and so it is known of every record what came next. Offsets are numbers here, as in the index.
 */
export class Holds {
  readonly #most: number;
  readonly #held = new Set<Hold>();
  /** By the offset of a record that a snapshot may need, that of the next one of its key. */
  readonly #next = new Map<number, number>();
  /** The highest end of those that are exact. */
  #highest = 0;

  /** @param most how many records it remembers. With more, what is held by then is judged by the newest record of each key. */
  constructor(most = MOST) {
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /**
   * A snapshot ends at `end`, until what this answers is called.
   *
   * @param indexed up to where the index has seen what is decided: of an end below that it is not known what came before it
   */
  hold(end: bigint, indexed: bigint): () => void {
    const hold = { end: Number(end), isExact: end >= indexed };
    this.#held.add(hold);
    if (hold.isExact) this.#highest = Math.max(this.#highest, hold.end);
    return () => {
      if (!this.#held.delete(hold)) return;
      this.#highest = 0;
      for (const { end, isExact } of this.#held) if (isExact) this.#highest = Math.max(this.#highest, end);
      if (this.#highest === 0) this.#next.clear();
    };
  }

  /** The newest record of a key is another one now. */
  superseded(offset: number, by: number): void {
    if (offset >= this.#highest) return;
    this.#next.set(offset, by);
    if (this.#next.size <= this.#most) return;
    // Those that are taken from now on need nothing of what was superseded before.
    this.#next.clear();
    this.#highest = 0;
    for (const hold of this.#held) hold.isExact = false;
  }

  /**
   * By the offset of a record, that of the next one of its key, for all that a snapshot which ends at `end` sees of what is
   * superseded by now: of any other there is a newer one below its end. Nothing where that is not known.
   */
  successors(end: number): ReadonlyMap<number, number> | undefined {
    for (const hold of this.#held) if (hold.isExact && hold.end === end) return this.#next;
    return undefined;
  }

  /** The index is made anew, from the log's start on. */
  forget(): void {
    this.#next.clear();
  }

  /**
   * Whether a superseded record may be the newest of its key that a snapshot sees.
   *
   * @param newest the offset of the newest record of its key
   * @param isPartial whether the index lacks records, so that what came next may not be what it knows
   */
  isNeeded(offset: number, newest: number, isPartial: boolean): boolean {
    const next = this.#next.get(offset) ?? offset;
    for (const { end, isExact } of this.#held)
      if (offset < end && end <= (isExact && !isPartial ? next : newest)) return true;
    // It goes, and none that is taken later needs it.
    this.#next.delete(offset);
    return false;
  }
}
