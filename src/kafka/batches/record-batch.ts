import { crc32c } from '@node-rs/crc32';
import { KafkaError } from '../kafka-errors.ts';

/** A record batch of message format 2: what its header says, and all its bytes. */
export interface RecordBatch {
  readonly baseOffset: bigint;
  /** That of its last record when it was written; compaction may have taken that one since. */
  readonly lastOffset: bigint;
  /** The epoch of the leader that appended it. */
  readonly leaderEpoch: number;
  /** -1 where no producer numbered it. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** The id of its codec, 0 for none. */
  readonly compression: number;
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  /** Whether the broker's time of appending, `maxTimestamp`, is that of every record. */
  readonly isLogAppendTime: boolean;
  /** How many records it has now. */
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** The size of a batch's header, in bytes (Kafka's documentation, Record Batch). */
export const HEADER = 61;

const LENGTH_AT = 8;
const EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_DELTA_AT = 23;
const BASE_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const SEQUENCE_AT = 53;
const COUNT_AT = 57;

/** What comes before that which a batch's length counts. */
const UNCOUNTED = 12;

const CODEC = 0b111;
const LOG_APPEND_TIME = 1 << 3;
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;

/**
 * Walks the batches that a broker answered, each as soon as its checksum is verified. A part of a batch at the end is
 * left out: it is asked for again (KIP-74).
 *
 * @param place what messages name, such as `topic/0`
 * @throws KafkaError KAFKA_CRC, KAFKA_RECORD_BATCH or KAFKA_MESSAGE_FORMAT, with the offset
 */
export function* batchesOf(records: Uint8Array, place: string): Generator<RecordBatch> {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  let after: bigint | undefined;
  for (let at = 0; at < records.byteLength; ) {
    const left = records.byteLength - at;
    const size = left < UNCOUNTED ? UNCOUNTED : UNCOUNTED + view.getInt32(at + LENGTH_AT);
    if (size > left || left < UNCOUNTED) {
      // A first batch comes whole, whatever was asked for; without this, it would be asked for again and again.
      if (at === 0) throw broken(place, 'unknown', `${size} bytes are announced, and ${left} came`);
      return;
    }
    const batch = headerOf(records.subarray(at, at + size), place);
    if (after !== undefined && batch.baseOffset <= after) throw broken(place, batch.baseOffset, `is behind ${after}`);
    after = batch.lastOffset;
    yield batch;
    at += size;
  }
}

/** What the header of a whole batch says, its checksum verified. */
function headerOf(bytes: Uint8Array, place: string): RecordBatch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const baseOffset = view.getBigInt64(0);
  const magic = bytes.byteLength > MAGIC_AT ? view.getInt8(MAGIC_AT) : undefined;
  if (magic === 0 || magic === 1) {
    const old = `format ${magic}, of before Kafka 0.11, is not read: rewrite the topic, or wait until its retention has`;
    throw new KafkaError('KAFKA_MESSAGE_FORMAT', `${place}, offset ${baseOffset}: message ${old}`);
  }
  if (bytes.byteLength < HEADER) throw broken(place, baseOffset, `${bytes.byteLength} bytes are less than its header`);
  if (magic !== 2)
    throw new KafkaError('KAFKA_MESSAGE_FORMAT', `${place}, offset ${baseOffset}: message format ${magic}`);
  const covered = Buffer.from(bytes.buffer, bytes.byteOffset + ATTRIBUTES_AT, bytes.byteLength - ATTRIBUTES_AT);
  if (crc32c(covered) !== view.getUint32(CRC_AT)) {
    throw new KafkaError('KAFKA_CRC', `${place}, offset ${baseOffset}: the batch is not what was written`);
  }
  const attributes = view.getInt16(ATTRIBUTES_AT);
  const lastDelta = view.getInt32(LAST_DELTA_AT);
  const count = view.getInt32(COUNT_AT);
  if (lastDelta < 0 || count < 0 || baseOffset < 0n)
    throw broken(place, baseOffset, `${count} records up to ${lastDelta}`);
  return {
    baseOffset,
    lastOffset: baseOffset + BigInt(lastDelta),
    leaderEpoch: view.getInt32(EPOCH_AT),
    producerId: view.getBigInt64(PRODUCER_AT),
    producerEpoch: view.getInt16(PRODUCER_EPOCH_AT),
    baseSequence: view.getInt32(SEQUENCE_AT),
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl: (attributes & CONTROL) !== 0,
    compression: attributes & CODEC,
    baseTimestamp: view.getBigInt64(BASE_TIMESTAMP_AT),
    maxTimestamp: view.getBigInt64(MAX_TIMESTAMP_AT),
    isLogAppendTime: (attributes & LOG_APPEND_TIME) !== 0,
    count,
    bytes,
  };
}

/** What a batch is that cannot be read. */
export const broken = (place: string, offset: bigint | 'unknown', why: string): KafkaError =>
  new KafkaError('KAFKA_RECORD_BATCH', `${place}, batch at offset ${offset}: ${why}`);
