import { crc32c } from '@node-rs/crc32';
import type { RecordBatch } from '../protocol/kafka-batch.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { codecOf } from './codecs/index.ts';
import * as header from './header.ts';
import { broken, CODEC } from './record-batch.ts';

export interface InflateOptions {
  /** The most bytes that the records may inflate to. */
  readonly cap: number;
  /** What messages name, such as `topic/0`. */
  readonly place: string;
}

/**
 * The records of a batch, without its header and not compressed.
 *
 * @throws KafkaError KAFKA_RECORD_BATCH, KAFKA_CODEC or KAFKA_TOO_LARGE, with the place
 */
export function inflated({ bytes, compression, baseOffset }: RecordBatch, { cap, place }: InflateOptions): Uint8Array {
  // No Buffer, of which views take half as long again.
  const body = new Uint8Array(bytes.buffer, bytes.byteOffset + header.SIZE, bytes.byteLength - header.SIZE);
  if (compression === 0) return body;
  const codec = codecOf(compression);
  if (codec === undefined) throw broken(place, baseOffset, `no codec has the id ${compression}`);
  try {
    return codec.inflate(body, cap);
  } catch (thrown) {
    throw thrown instanceof KafkaError ? thrown.at(`${place}, batch at offset ${baseOffset}`) : thrown;
  }
}

/**
 * The same batch, not compressed: what it says of its size, its codec and its checksum is rewritten. Itself if it is not
 * compressed anyway.
 *
 * @throws as `inflated`
 */
export function uncompressed(batch: RecordBatch, options: InflateOptions): RecordBatch {
  if (batch.compression === 0) return batch;
  const bytes = Buffer.concat([batch.bytes.subarray(0, header.SIZE), inflated(batch, options)]);
  bytes.writeInt32BE(bytes.byteLength - header.UNCOUNTED, header.LENGTH);
  bytes.writeInt16BE(bytes.readInt16BE(header.ATTRIBUTES) & ~CODEC, header.ATTRIBUTES);
  bytes.writeUInt32BE(crc32c(bytes.subarray(header.ATTRIBUTES)), header.CRC);
  return { ...batch, compression: 0, bytes };
}
