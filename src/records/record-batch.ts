import { crc32c } from '@node-rs/crc32';
import type { RecordBatch } from '../protocol/kafka-batch.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import * as header from './header.ts';

/** The bits of the attributes that say which codec. */
export const CODEC = 0b111;
const LOG_APPEND_TIME = 1 << 3;
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;

/**
 * Walks the batches that a broker answered, each as soon as its checksum is verified. A part of a batch at the end is
 * left out: it is asked for again (KIP-74).
 *
 * @param place what messages name, such as `topic/0`
 * @param isVerified whether the bytes are known to be those that were written, so that no checksum is looked at
 * @throws KafkaError KAFKA_CRC, KAFKA_RECORD_BATCH or KAFKA_MESSAGE_FORMAT, with the offset
 */
export function* batchesOf(records: Uint8Array, place: string, isVerified = false): Generator<RecordBatch> {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  let after: bigint | undefined;
  for (let at = 0; at < records.byteLength; ) {
    const left = records.byteLength - at;
    const size = left < header.UNCOUNTED ? header.UNCOUNTED : header.UNCOUNTED + view.getInt32(at + header.LENGTH);
    if (size > left || left < header.UNCOUNTED) {
      // A first batch comes whole, whatever was asked for; without this, it would be asked for again and again.
      if (at === 0) throw broken(place, 'unknown', `${size} bytes are announced, and ${left} came`);
      return;
    }
    if (size <= header.MAGIC) throw broken(place, 'unknown', `it says that it has ${size} bytes`);
    const batch = headerOf(records.subarray(at, at + size), place, isVerified);
    if (after !== undefined && batch.baseOffset <= after) throw broken(place, batch.baseOffset, `is behind ${after}`);
    after = batch.lastOffset;
    yield batch;
    at += size;
  }
}

/** What the header of a whole batch says, its checksum verified. */
function headerOf(bytes: Uint8Array, place: string, isVerified: boolean): RecordBatch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const baseOffset = view.getBigInt64(0);
  const magic = bytes.byteLength > header.MAGIC ? view.getInt8(header.MAGIC) : undefined;
  if (magic === 0 || magic === 1) {
    const old = `format ${magic}, of before Kafka 0.11, is not read: rewrite the topic, or wait until its retention has`;
    throw new KafkaError('KAFKA_MESSAGE_FORMAT', `${place}, offset ${baseOffset}: message ${old}`);
  }
  if (bytes.byteLength < header.SIZE)
    throw broken(place, baseOffset, `${bytes.byteLength} bytes are less than its header`);
  if (magic !== 2)
    throw new KafkaError('KAFKA_MESSAGE_FORMAT', `${place}, offset ${baseOffset}: message format ${magic}`);
  if (!isVerified && crc32c(bytes.subarray(header.ATTRIBUTES)) !== view.getUint32(header.CRC)) {
    throw new KafkaError('KAFKA_CRC', `${place}, offset ${baseOffset}: the batch is not what was written`);
  }
  const attributes = view.getInt16(header.ATTRIBUTES);
  const lastDelta = view.getInt32(header.LAST_DELTA);
  const count = view.getInt32(header.COUNT);
  if (lastDelta < 0 || count < 0 || baseOffset < 0n)
    throw broken(place, baseOffset, `${count} records up to ${lastDelta}`);
  return {
    baseOffset,
    lastOffset: baseOffset + BigInt(lastDelta),
    leaderEpoch: view.getInt32(header.LEADER_EPOCH),
    producerId: view.getBigInt64(header.PRODUCER_ID),
    producerEpoch: view.getInt16(header.PRODUCER_EPOCH),
    baseSequence: view.getInt32(header.BASE_SEQUENCE),
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl: (attributes & CONTROL) !== 0,
    compression: attributes & CODEC,
    baseTimestamp: view.getBigInt64(header.BASE_TIMESTAMP),
    maxTimestamp: view.getBigInt64(header.MAX_TIMESTAMP),
    isLogAppendTime: (attributes & LOG_APPEND_TIME) !== 0,
    count,
    bytes,
  };
}

/** What a batch is that cannot be read. */
export const broken = (place: string, offset: bigint | 'unknown', why: string): KafkaError =>
  new KafkaError('KAFKA_RECORD_BATCH', `${place}, batch at offset ${offset}: ${why}`);
