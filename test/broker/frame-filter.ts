const SIZE_PREFIX = 4;

/**
 * Follows the size-delimited frames (INT32 length, then as many bytes) of one stream and leaves out those it is told to.
 * What is kept passes at once, part by part, so a stream that has no such frames passes unharmed while nothing is dropped.
 */
export class FrameFilter {
  readonly #drops: () => boolean;
  #dropping = false;
  #prefix = 0;
  #left = 0;

  /** @param drops is asked once at the start of every frame */
  constructor(drops: () => boolean) {
    this.#drops = drops;
  }

  /** The parts of `chunk` to keep, as few as can be. */
  filter(chunk: Buffer): Buffer[] {
    const kept: Buffer[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; ) {
      if (this.#prefix === 0) this.#dropping = this.#drops();
      const end = at + this.#advance(chunk.subarray(at));
      if (this.#dropping) {
        if (from < at) kept.push(chunk.subarray(from, at));
        from = end;
      }
      at = end;
    }
    if (from < chunk.length) kept.push(chunk.subarray(from));
    return kept;
  }

  /** Moves on within the present frame; answers by how many bytes. */
  #advance(bytes: Buffer): number {
    const inPrefix = this.#prefix < SIZE_PREFIX;
    const size = Math.min(bytes.length, inPrefix ? SIZE_PREFIX - this.#prefix : this.#left);
    if (inPrefix) {
      for (const byte of bytes.subarray(0, size)) this.#left = this.#left * 256 + byte;
      this.#prefix += size;
    } else {
      this.#left -= size;
    }
    if (this.#prefix === SIZE_PREFIX && this.#left === 0) this.#prefix = 0;
    return size;
  }
}
