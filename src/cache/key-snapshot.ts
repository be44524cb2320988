import { crc32c } from '@node-rs/crc32';
import { KeyTable, PAGE } from './key-index.ts';

const VERSION = 1;
/** Where the fields of a part stand: the checksum of all that follows, and what that is. */
const CRC = 0;
const FORMAT = 4;
const NUMBER = 8;
const PARTS = 12;
const COVERS = 16;
const HASHES = 24;
const OFFSETS = HASHES + PAGE * 4 * Int32Array.BYTES_PER_ELEMENT;
const SIZE = OFFSETS + PAGE * Float64Array.BYTES_PER_ELEMENT;

/**
 * A snapshot of a table that has seen all that is decided below `covers`: parts of 24 KB, each made in a few us when it
 * is asked for, so that whoever writes them may let the event loop turn in between. What is added meanwhile may be in
 * it or not, and will be added again with the log from `covers` on. When entries are given up meanwhile (`removals`), it
 * holds keys that are gone, and is to be thrown away.
 *
 * @param secret the table's
 */
export function* snapshotOf(table: KeyTable, covers: bigint, secret: Uint8Array): Generator<Uint8Array> {
  const pages = table.pages.slice();
  for (const [number, { hashes, offsets }] of pages.entries()) {
    const part = Buffer.allocUnsafe(SIZE);
    part.writeUInt32LE(VERSION, FORMAT);
    part.writeUInt32LE(number, NUMBER);
    part.writeUInt32LE(pages.length, PARTS);
    part.writeBigInt64LE(covers, COVERS);
    part.set(bytesOf(hashes), HASHES);
    part.set(bytesOf(offsets), OFFSETS);
    part.writeUInt32LE(checksum(part, secret), CRC);
    yield part;
  }
}

/** Makes a table of the parts of a snapshot, which are given to it in order. */
export class SnapshotReader {
  readonly #secret: Uint8Array;
  #table: KeyTable | undefined;
  #next = 0;
  #parts = 1;
  #covers = 0n;

  /** @param secret the one under which the snapshot was made */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** Takes the next part in. Answers false for one that is not what was written next: then all of it is to be refused. */
  add(bytes: Uint8Array): boolean {
    if (bytes.byteLength !== SIZE) return false;
    // A copy that is aligned as its words are.
    const part = Buffer.from(bytes.slice().buffer);
    if (part.readUInt32LE(CRC) !== checksum(part, this.#secret) || part.readUInt32LE(FORMAT) !== VERSION) return false;
    const [parts, covers] = [part.readUInt32LE(PARTS), part.readBigInt64LE(COVERS)];
    if (part.readUInt32LE(NUMBER) !== this.#next) return false;
    if (this.#next > 0 && (parts !== this.#parts || covers !== this.#covers)) return false;
    this.#parts = parts;
    this.#covers = covers;
    this.#next += 1;
    this.#table ??= new KeyTable(this.#secret, parts * PAGE);
    this.#table.restore({
      hashes: new Int32Array(part.buffer, HASHES, PAGE * 4),
      offsets: new Float64Array(part.buffer, OFFSETS, PAGE),
    });
    return true;
  }

  /** The table and what it covers; nothing before its last part. */
  get done(): { readonly table: KeyTable; readonly covers: bigint } | undefined {
    const table = this.#table;
    return table !== undefined && this.#next === this.#parts ? { table, covers: this.#covers } : undefined;
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Begins with the secret, so that hashes of another are not taken for ours. */
const checksum = (part: Uint8Array, secret: Uint8Array): number =>
  crc32c(part.subarray(FORMAT) as Buffer, crc32c(Buffer.from(secret)));
