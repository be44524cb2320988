/** A view of bytes as those of node, which know utf-8 and base64. */
const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Reads the fields of a response one after the other, in the classic or the flexible encoding (KIP-482). Every method
 * throws RangeError where the bytes end, or a length cannot be.
 */
export class Reader {
  /** Whether lengths are compact, and structures end with tagged fields. */
  flexible: boolean;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array, flexible: boolean) {
    this.#bytes = bufferOf(bytes);
    this.flexible = flexible;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  bool(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  /** An unsigned 32-bit number of one to five bytes, the low seven bits of each, the lowest first. */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#take(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError(`a number of more than five bytes at byte ${this.#at}`);
  }

  /** A topic's id or the like, as Kafka's tools print it: base64url without padding. */
  uuid(): string {
    const at = this.#take(16);
    return this.#bytes.toString('base64url', at, at + 16);
  }

  string(): string {
    const text = this.nullableString();
    if (text === null) throw new RangeError(`null for a string at byte ${this.#at}`);
    return text;
  }

  nullableString(): string | null {
    const length = this.flexible ? this.uvarint() - 1 : this.int16();
    if (length === -1) return null;
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  /** Bytes as a view; null is as none. */
  bytes(): Uint8Array {
    const length = this.#length();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** What `read` answers for each item; null is as none. */
  array<T>(read: () => T): T[] {
    const count = this.#length();
    // Every item takes a byte at least, so a count cannot make this larger than what it is read from.
    if (count > this.left) throw new RangeError(`${count} items in ${this.left} bytes at byte ${this.#at}`);
    const items: T[] = [];
    for (let index = 0; index < count; index += 1) items.push(read());
    return items;
  }

  /** As `array`, of structures: behind each come its tagged fields. */
  structs<T>(read: () => T): T[] {
    return this.array(() => {
      const item = read();
      this.tags();
      return item;
    });
  }

  /** The tagged fields that end a structure in the flexible encoding; `read` takes those it knows. */
  tags(read?: (tag: number) => void): void {
    if (!this.flexible) return;
    for (let count = this.uvarint(); count > 0; count -= 1) {
      const tag = this.uvarint();
      const end = this.uvarint() + this.#at;
      if (end > this.#bytes.length) throw new RangeError(`a tagged field that ends at byte ${end}`);
      read?.(tag);
      if (this.#at > end) throw new RangeError(`a tagged field that is too short, at byte ${this.#at}`);
      this.#at = end;
    }
  }

  /** Makes sure that nothing is left. */
  finish(): void {
    if (this.left > 0) throw new RangeError(`${this.left} bytes too many`);
  }

  #length(): number {
    const length = this.flexible ? this.uvarint() - 1 : this.int32();
    if (length < -1) throw new RangeError(`a length of ${length} at byte ${this.#at}`);
    return Math.max(length, 0);
  }

  #take(length: number): number {
    if (length < 0 || length > this.left) {
      throw new RangeError(`${length} bytes at byte ${this.#at} of ${this.#bytes.length}`);
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
