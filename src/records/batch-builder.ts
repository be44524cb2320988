import { crc32c } from '@node-rs/crc32';
import type { Body, Header } from '../protocol/kafka.ts';
import type { Codec } from './codecs/index.ts';
import { joinCrc32c } from './crc32c.ts';
import * as header from './header.ts';
import { longSize, shortOf, varintSize, writeLong, writeVarint } from './varint-writer.ts';

/** A record that is to be written. */
export interface BuiltRecord {
  readonly key: Uint8Array | null;
  /** One that is not in memory stays where it is, and its record is alone in its batch. */
  readonly value: Uint8Array | Body | null;
  readonly headers: readonly Header[];
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
}

/** A whole record batch, and how many records it has. */
export interface EncodedBatch {
  /** Without the value that is not in memory. */
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly inserted?: Inserted;
}

/** A value that is not in memory, and where in its batch it belongs, in bytes from the start. */
export interface Inserted {
  readonly at: number;
  readonly body: Body;
}

/** What a batch begins with before it grows; most are larger, and few much. */
const FIRST_CAPACITY = 16 * 1024;

/** Below it, bytes are copied one by one, which is faster than a call. */
const SMALL = 24;

/**
 * Puts records together to a batch of message format 2 (Kafka's documentation, Record Batch), each written once, where
 * it stays.
 */
export class BatchBuilder {
  readonly #maxBytes: number;
  #buffer: Buffer;
  #at = header.SIZE;
  #count = 0;
  #firstTimestamp = 0n;
  #maxTimestamp = 0n;
  #inserted: Inserted | undefined;

  /**
   * @param maxBytes how large the batch may become before compression; a first record may be larger
   * @param expected how large it will be, as far as that is known: one that has to grow is copied
   */
  constructor(maxBytes: number, expected = FIRST_CAPACITY) {
    this.#maxBytes = maxBytes;
    this.#buffer = Buffer.allocUnsafe(Math.max(header.SIZE, Math.min(maxBytes, expected)));
  }

  get count(): number {
    return this.#count;
  }

  /** The bytes of the batch so far, its header included. */
  get bytes(): number {
    return this.#at;
  }

  /** Takes a record in; answers whether it fitted. */
  add(record: BuiltRecord): boolean {
    const { timestamp } = record;
    const delta = this.#count === 0 ? 0 : shortOf(timestamp - this.#firstTimestamp);
    const size = sizeOf(record, delta, this.#count);
    const end = this.#at + varintSize(size) + size;
    if (this.#count > 0 && end > this.#maxBytes) return false;
    this.#reserve(isBody(record.value) ? end - record.value.length : end);
    this.#write(record, delta, size);
    if (this.#count === 0) {
      this.#firstTimestamp = timestamp;
      this.#maxTimestamp = timestamp;
    } else if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    this.#count += 1;
    return true;
  }

  /** The batch, without a producer's numbers; `codec` is none where a value is not in memory. Nothing may be added after it. */
  finish(codec: Codec): EncodedBatch {
    const records = this.#buffer.subarray(header.SIZE, this.#at);
    const bytes =
      codec.id === 0
        ? this.#buffer.subarray(0, this.#at)
        : Buffer.concat([this.#buffer.subarray(0, header.SIZE), codec.compress(records)]);
    bytes.writeBigInt64BE(0n, header.BASE_OFFSET);
    bytes.writeInt32BE(bytes.byteLength + (this.#inserted?.body.length ?? 0) - header.UNCOUNTED, header.LENGTH);
    bytes.writeInt32BE(-1, header.LEADER_EPOCH);
    bytes.writeInt8(2, header.MAGIC);
    bytes.writeInt16BE(codec.id, header.ATTRIBUTES);
    bytes.writeInt32BE(this.#count - 1, header.LAST_DELTA);
    bytes.writeBigInt64BE(this.#firstTimestamp, header.BASE_TIMESTAMP);
    bytes.writeBigInt64BE(this.#maxTimestamp, header.MAX_TIMESTAMP);
    bytes.writeInt32BE(this.#count, header.COUNT);
    const inserted = this.#inserted;
    renumber(bytes, { id: -1n, epoch: -1, baseSequence: -1 }, inserted);
    return { bytes, count: this.#count, ...(inserted && { inserted }) };
  }

  #reserve(end: number): void {
    if (end <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(end, this.#buffer.byteLength * 2));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }

  #write({ key, value, headers }: BuiltRecord, delta: number | bigint, size: number): void {
    const buffer = this.#buffer;
    let at = writeVarint(buffer, this.#at, size);
    buffer[at] = 0;
    at = writeLong(buffer, at + 1, delta);
    at = writeVarint(buffer, at, this.#count);
    at = writeBytes(buffer, at, key);
    if (isBody(value)) {
      at = writeVarint(buffer, at, value.length);
      this.#inserted = { at, body: value };
    } else at = writeBytes(buffer, at, value);
    at = writeVarint(buffer, at, headers.length);
    for (const one of headers) {
      at = writeVarint(buffer, at, Buffer.byteLength(one.name));
      at += buffer.write(one.name, at);
      at = writeBytes(buffer, at, one.value);
    }
    this.#at = at;
  }
}

/** Gives a whole batch the numbers of its producer (KIP-98), in place; what is not in it is not read for that. */
export function renumber(
  batch: Uint8Array,
  { id, epoch, baseSequence }: { readonly id: bigint; readonly epoch: number; readonly baseSequence: number },
  inserted?: Inserted,
): void {
  const bytes = Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength);
  bytes.writeBigInt64BE(id, header.PRODUCER_ID);
  bytes.writeInt16BE(epoch, header.PRODUCER_EPOCH);
  bytes.writeInt32BE(baseSequence, header.BASE_SEQUENCE);
  bytes.writeUInt32BE(
    inserted === undefined ? crc32c(bytes.subarray(header.ATTRIBUTES)) : around(bytes, inserted),
    header.CRC,
  );
}

/** The checksum of a batch, in which a value belongs that is not in memory. */
const around = (bytes: Uint8Array, { at, body }: Inserted): number =>
  crc32c(bytes.subarray(at), joinCrc32c(crc32c(bytes.subarray(header.ATTRIBUTES, at)), body.crc32c, body.length));

export const isBody = (value: Uint8Array | Body | null): value is Body => value !== null && 'crc32c' in value;

/** The most that a record takes in a batch of its own, the batch's header left out. */
export const encodedSize = (record: BuiltRecord): number => {
  const size = sizeOf(record, 0, 0);
  return varintSize(size) + size;
};

/** The bytes of a record behind its size. */
function sizeOf({ key, value, headers }: BuiltRecord, delta: number | bigint, index: number): number {
  let size = 1 + longSize(delta) + varintSize(index) + bytesSize(key) + bytesSize(value) + varintSize(headers.length);
  for (const { name, value: bytes } of headers) {
    const length = Buffer.byteLength(name);
    size += varintSize(length) + length + bytesSize(bytes);
  }
  return size;
}

/** `length`, since `byteLength` is worked out each time that it is asked for. */
const bytesSize = (bytes: { readonly length: number } | null): number =>
  bytes === null ? 1 : varintSize(bytes.length) + bytes.length;

function writeBytes(to: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarint(to, at, -1);
  const { length } = bytes;
  const start = writeVarint(to, at, length);
  if (length < SMALL) for (let index = 0; index < length; index += 1) to[start + index] = bytes[index] as number;
  else to.set(bytes, start);
  return start + length;
}
