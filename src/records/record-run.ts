import type { Parts } from '../payload.ts';
import type { KafkaRecord } from '../protocol/kafka.ts';
import type { RecordBatch } from '../protocol/kafka-batch.ts';
import { cutRun, type Run } from '../run.ts';
import { inflated } from './inflated.ts';
import { broken } from './record-batch.ts';
import * as row from './record-index.ts';
import { BatchRecord, Records } from './records.ts';

export interface RunOptions {
  readonly partition: number;
  /** Whether the transaction of the batch was aborted. */
  readonly aborted: boolean;
  /** The most bytes that the records may inflate to. */
  readonly cap: number;
  /** What messages name, such as `topic/0`. */
  readonly place: string;
  /** Records below are left out. */
  readonly from?: bigint;
  /** Records at it or above are left out. */
  readonly to?: bigint;
}

/**
 * The records of a batch, inflated and indexed in one pass; nothing where none is in the range.
 *
 * @throws KafkaError KAFKA_RECORD_BATCH, KAFKA_CODEC or KAFKA_TOO_LARGE, with the place
 */
export function runOf(batch: RecordBatch, options: RunOptions): RecordRun | undefined {
  const { place, from, to, partition, aborted } = options;
  const bytes = inflated(batch, options);
  const { baseOffset, baseTimestamp, count, lastOffset, isLogAppendTime, maxTimestamp } = batch;
  let index: Int32Array;
  try {
    index = row.indexOf(bytes, count, Number(lastOffset - baseOffset));
  } catch (thrown) {
    throw thrown instanceof RangeError ? broken(place, baseOffset, thrown.message) : thrown;
  }
  const timestamp = isLogAppendTime ? maxTimestamp : undefined;
  const records = new Records({ partition, aborted, baseOffset, baseTimestamp, timestamp }, bytes, index);
  const start = from === undefined ? 0 : records.indexOf(from);
  const end = to === undefined ? count : records.indexOf(to);
  return start < end ? new RecordRun(records, start, end) : undefined;
}

/** Records of one batch, as views of its bytes; a record is made when it is asked for, and its fields when they are. */
export class RecordRun implements Run<KafkaRecord> {
  readonly #records: Records;
  readonly #start: number;
  readonly #end: number;
  /** Which records of the batch they are; without it, all from `start` to `end`. */
  readonly #picked: Int32Array | undefined;

  constructor(records: Records, start: number, end: number, picked?: Int32Array) {
    this.#records = records;
    this.#start = start;
    this.#end = end;
    this.#picked = picked;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  at(index: number): KafkaRecord {
    return new BatchRecord(this.#records, this.#row(index));
  }

  /** The same, of a transaction that was aborted. */
  aborted(): RecordRun {
    return new RecordRun(this.#records.aborting(), this.#start, this.#end, this.#picked);
  }

  /** The key of a record that is not made. */
  keyAt(index: number): Uint8Array | null {
    return this.#records.view(this.#row(index), row.KEY_AT, row.KEY_SIZE);
  }

  /** The offset of a record that is not made. */
  offsetAt(index: number): bigint {
    return this.#records.offset(this.#row(index));
  }

  /** The bytes that the record takes in its batch, before compression. */
  cost(index: number): number {
    const at = this.#row(index);
    return this.#records.at(at, row.END) - this.#records.at(at, row.START);
  }

  slice(start: number, end: number): RecordRun {
    return new RecordRun(this.#records, this.#start + start, this.#start + end, this.#picked);
  }

  pick(indices: readonly number[]): RecordRun {
    const picked = new Int32Array(indices.length);
    for (let at = 0; at < picked.length; at += 1) picked[at] = this.#row(indices[at] as number);
    return new RecordRun(this.#records, 0, picked.length, picked);
  }

  cut(balance: number, reserved: number): Parts<Run<KafkaRecord>> | undefined {
    return cutRun(this, balance, reserved);
  }

  detach(): RecordRun {
    let size = 0;
    for (let index = 0; index < this.length; index += 1) size += this.cost(index);
    if (size * 2 >= this.#records.bytes.buffer.byteLength) return this;
    const rows = Int32Array.from({ length: this.length }, (_, index) => this.#row(index));
    return new RecordRun(this.#records.copy(rows, size), 0, rows.length);
  }

  #row(index: number): number {
    const at = this.#start + index;
    return this.#picked === undefined ? at : (this.#picked[at] as number);
  }
}
