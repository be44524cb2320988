import { lengthOf, type Piece } from '../pieces.ts';

/** Writes the fields of a request one after the other, in the classic or the flexible encoding (KIP-482). */
export class Writer<P extends Piece = Uint8Array> {
  readonly #flexible: boolean;
  readonly #pieces: (P | Uint8Array)[] = [];
  #bytes = Buffer.allocUnsafe(256);
  #start = 0;
  #at = 0;

  constructor(flexible: boolean) {
    this.#flexible = flexible;
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  int8(value: number): void {
    const at = this.#take(1);
    this.#bytes.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#take(2);
    this.#bytes.writeInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#take(4);
    this.#bytes.writeInt32BE(value, at);
  }

  int64(value: bigint): void {
    const at = this.#take(8);
    this.#bytes.writeBigInt64BE(value, at);
  }

  uvarint(value: number): void {
    for (let rest = value; ; rest = Math.floor(rest / 128)) {
      const at = this.#take(1);
      this.#bytes[at] = rest > 0x7f ? (rest % 128) + 128 : rest;
      if (rest <= 0x7f) return;
    }
  }

  /** As `Reader.uuid` gives it; an empty one is Kafka's zero. */
  uuid(value: string): void {
    const at = this.#take(16);
    this.#bytes.fill(0, at, at + 16).write(value, at, 16, 'base64url');
  }

  string(value: string | null): void {
    const length = value === null ? -1 : Buffer.byteLength(value);
    if (this.#flexible) this.uvarint(length + 1);
    else this.int16(length);
    if (value === null) return;
    const at = this.#take(length);
    this.#bytes.write(value, at);
  }

  array<T>(items: readonly T[] | null, write: (item: T) => void): void {
    this.#length(items === null ? -1 : items.length);
    for (const item of items ?? []) write(item);
  }

  /** As `array`, of structures: behind each come its tagged fields, of which we write none. */
  structs<T>(items: readonly T[] | null, write: (item: T) => void): void {
    this.array(items, (item) => {
      write(item);
      this.tags();
    });
  }

  /** Bytes that stay where they are: each piece becomes one of what is written. */
  pieces(pieces: readonly P[]): void {
    this.#length(lengthOf(pieces));
    this.#cut();
    this.#pieces.push(...pieces.filter(({ length }) => length > 0));
  }

  /** No tagged fields, in the flexible encoding. */
  tags(): void {
    if (this.#flexible) this.uvarint(0);
  }

  /** All that was written, none of it empty. */
  finish(): readonly (P | Uint8Array)[] {
    this.#cut();
    return this.#pieces;
  }

  #length(length: number): void {
    if (this.#flexible) this.uvarint(length + 1);
    else this.int32(length);
  }

  #cut(): void {
    if (this.#at > this.#start) this.#pieces.push(this.#bytes.subarray(this.#start, this.#at));
    this.#start = this.#at;
  }

  /** Makes room, maybe in other `#bytes`; answers where. */
  #take(length: number): number {
    if (this.#at + length > this.#bytes.length) {
      const unfinished = this.#bytes.subarray(this.#start, this.#at);
      this.#bytes = Buffer.allocUnsafe(Math.max(2 * unfinished.length, unfinished.length + length, 256));
      unfinished.copy(this.#bytes);
      this.#start = 0;
      this.#at = unfinished.length;
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
