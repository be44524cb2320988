/** Reads the variable-length integers of records (Protocol Buffers' zigzag encoding), never beyond the bytes. */
export class Varints {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** One of at most 32 bits. @throws RangeError */
  int(): number {
    const first = this.bytes[this.at] as number;
    this.at += 1;
    // Beyond the end this is no number, and compares as false.
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.#next();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (shift === 28 && byte > 0x0f) break;
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw new RangeError(`an integer of more than 32 bits ends at byte ${this.at}`);
  }

  /** One of at most 64 bits. @throws RangeError */
  long(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#next();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw new RangeError(`an integer of more than 64 bits ends at byte ${this.at}`);
  }

  /** Passes one of at most 64 bits. @throws RangeError */
  skip(): void {
    for (let size = 1; size <= 10; size += 1) if (this.#next() < 0x80) return;
    throw new RangeError(`an integer of more than 64 bits ends at byte ${this.at}`);
  }

  #next(): number {
    const byte = this.bytes[this.at];
    this.at += 1;
    if (byte === undefined) throw new RangeError('the bytes end inside an integer');
    return byte;
  }
}

/**
 * One of at most 32 bits, as `Varints.int` reads it; `behind` answers where the next begins. A walk that holds its place
 * in a local variable, and not in a reader, takes half of the time, though it looks at a byte twice.
 *
 * @throws RangeError
 */
export function intAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  // Beyond the end this is no number, and compares as false.
  if (first < 0x80) return (first >>> 1) ^ -(first & 1);
  const second = bytes[at + 1] as number;
  if (second < 0x80) {
    const value = (first & 0x7f) | (second << 7);
    return (value >>> 1) ^ -(value & 1);
  }
  return longAt(bytes, at);
}

/** The place behind one of at most 64 bits. @throws RangeError */
export const behind = (bytes: Uint8Array, at: number): number => {
  if ((bytes[at] as number) < 0x80) return at + 1;
  return (bytes[at + 1] as number) < 0x80 ? at + 2 : behindLong(bytes, at);
};

// Apart from the above, so that those stay small enough to be inlined.
const longAt = (bytes: Uint8Array, at: number): number => new Varints(bytes, at).int();

function behindLong(bytes: Uint8Array, at: number): number {
  const from = new Varints(bytes, at);
  from.skip();
  return from.at;
}
