const SLOTS = 1_024;
const MOST = SLOTS * 0.7;
const EMPTY = -1;
/** How many entries a segment is made for where it is known how many there will be: few are split then. */
const EXPECTED = SLOTS * 0.62;
/** The most segments that are made at once, as its bits: it takes 3 ms. */
const MOST_DEPTH = 11;

/** A part of the table, of those hashes that have the same first `depth` bits. */
interface Segment {
  readonly depth: number;
  readonly slots: Int32Array;
  size: number;
}

const segment = (depth: number): Segment => ({ depth, slots: new Int32Array(SLOTS).fill(EMPTY), size: 0 });

/**
 * Finds entries by their hash, in open addressing. It grows by extendible hashing: only the segment that is full is
 * split, in about 50 us, and a directory finds the segment by the first bits of a hash; so there is no pause in which
 * all is hashed anew.
 */
export class SlotTable {
  readonly #hashOf: (entry: number) => number;
  /** By the first `#depth` bits of a hash; several stand for one segment that has not been split as often. */
  #directory: Segment[];
  #depth: number;
  #segments: number;
  #probed: Int32Array;
  #at = 0;

  /**
   * @param hashOf the 32-bit hash of an entry, which is never below 0
   * @param expected how many there will be, if that is known
   */
  constructor(hashOf: (entry: number) => number, expected = 0) {
    this.#hashOf = hashOf;
    const depth = Math.min(MOST_DEPTH, Math.max(0, Math.ceil(Math.log2(expected / EXPECTED))));
    this.#depth = depth;
    this.#segments = 1 << depth;
    this.#directory = Array.from({ length: this.#segments }, () => segment(depth));
    this.#probed = (this.#directory[0] as Segment).slots;
  }

  /** The memory it takes, about. */
  get bytes(): number {
    return this.#segments * SLOTS * Int32Array.BYTES_PER_ELEMENT + this.#directory.length * 8;
  }

  /** The first entry that may have the hash, or -1. */
  first(hash: number): number {
    this.#probed = this.#segment(hash).slots;
    this.#at = hash & (SLOTS - 1);
    return this.#probed[this.#at] as number;
  }

  /** The one after, or -1. */
  next(): number {
    this.#at = (this.#at + 1) & (SLOTS - 1);
    return this.#probed[this.#at] as number;
  }

  /** Takes in an entry that it does not have. */
  add(hash: number, entry: number): void {
    let into = this.#segment(hash);
    while (into.size >= MOST) {
      this.#split(hash, into);
      into = this.#segment(hash);
    }
    put(into, hash, entry);
  }

  /** Takes an entry out that it has, and moves those up that had to go past it. */
  delete(hash: number, entry: number): void {
    const from = this.#segment(hash);
    const { slots } = from;
    let hole = hash & (SLOTS - 1);
    while (slots[hole] !== entry) hole = (hole + 1) & (SLOTS - 1);
    for (let at = (hole + 1) & (SLOTS - 1); slots[at] !== EMPTY; at = (at + 1) & (SLOTS - 1)) {
      const home = this.#hashOf(slots[at] as number) & (SLOTS - 1);
      // It may stand anywhere from its home on, so it may fill the hole unless its home is behind that.
      if (((at - home) & (SLOTS - 1)) >= ((at - hole) & (SLOTS - 1))) {
        slots[hole] = slots[at] as number;
        hole = at;
      }
    }
    slots[hole] = EMPTY;
    from.size -= 1;
  }

  #segment(hash: number): Segment {
    return this.#directory[this.#depth === 0 ? 0 : hash >>> (32 - this.#depth)] as Segment;
  }

  #split(hash: number, full: Segment): void {
    if (full.depth === this.#depth) {
      this.#directory = this.#directory.flatMap((one) => [one, one]);
      this.#depth += 1;
    }
    const halves = [segment(full.depth + 1), segment(full.depth + 1)] as const;
    for (const entry of full.slots) {
      if (entry === EMPTY) continue;
      const its = this.#hashOf(entry);
      put((its >>> (31 - full.depth)) & 1 ? halves[1] : halves[0], its, entry);
    }
    const span = 1 << (this.#depth - full.depth);
    const start = (hash >>> (32 - this.#depth)) & -span;
    this.#directory.fill(halves[0], start, start + span / 2);
    this.#directory.fill(halves[1], start + span / 2, start + span);
    this.#segments += 1;
  }
}

function put(into: Segment, hash: number, entry: number): void {
  let at = hash & (SLOTS - 1);
  while (into.slots[at] !== EMPTY) at = (at + 1) & (SLOTS - 1);
  into.slots[at] = entry;
  into.size += 1;
}
