import type { RecordBatch } from '../protocol/kafka-batch.ts';
import * as header from '../records/header.ts';
import { batchWith } from '../records/kept.ts';
import { broken } from '../records/record-batch.ts';
import * as row from '../records/record-index.ts';
import type { Cleanable } from './cleanable.ts';
import { type KeyTable, NONE } from './key-index.ts';

/** How many records are looked at in one step: some 50 us. */
const STEP = 256;

/** A tombstone that was the last record of its key. */
export interface Removed {
  readonly key: Uint8Array;
  readonly offset: number;
}

/** What is left of a batch. */
export interface Left {
  /** The same one if nothing went, and none if nothing is left. */
  readonly batch: RecordBatch | undefined;
  readonly removed: readonly Removed[];
  /** Whether something that is superseded was left to a snapshot. */
  readonly isHeld: boolean;
}

/**
 * Cleans a batch of what is decided, not compressed, in steps. What goes are control batches and aborted transactions,
 * of whose outcome the log knows by itself, superseded records, and tombstones of age; records without a key stay, as
 * does whatever the index does not know.
 *
 * @param aged below which tombstones go, if they are all that is left of their key
 * @throws KafkaError KAFKA_RECORD_BATCH
 */
export function* cleanBatch(batch: RecordBatch, log: Cleanable, aged: number): Generator<void, Left> {
  const { isControl, count, baseOffset, lastOffset } = batch;
  const { holds, table } = log;
  if (isControl || count === 0 || log.isAborted(batch)) return { batch: undefined, removed: [], isHeld: false };
  const body = batch.bytes.subarray(header.SIZE);
  const index = indexOf(body, count, Number(lastOffset - baseOffset), log.name, baseOffset);
  // What is newer is not for snapshots that will begin from now on to see, so for them nothing is superseded by it.
  const stable = Number(log.lastStableOffset);
  const kept: number[] = [];
  const removed: Removed[] = [];
  let isHeld = false;
  for (let record = 0; record < count; record += 1) {
    if (record % STEP === STEP - 1) yield;
    const at = record * row.ROW;
    const keySize = index[at + row.KEY_SIZE] as number;
    const start = index[at + row.KEY_AT] as number;
    const key = body.subarray(start, start + Math.max(0, keySize));
    const offset = Number(baseOffset) + (index[at + row.OFFSET_DELTA] as number);
    const newest = keySize < 0 ? NONE : newestOf(table, key);
    if (newest > offset && newest < stable) {
      if (!holds.isNeeded(offset, newest, table.isPartial)) continue;
      isHeld = true;
    } else if (newest === offset && offset < aged && (index[at + row.VALUE_SIZE] as number) < 0 && holds.isEmpty) {
      // A snapshot that is being read may have sent what a tombstone buries.
      removed.push({ key, offset });
      continue;
    }
    kept.push(record);
  }
  const left = kept.length === count ? batch : kept.length === 0 ? undefined : batchWith(batch, index, kept);
  return { batch: left, removed, isHeld };
}

function newestOf(table: KeyTable, key: Uint8Array): number {
  const entry = table.entryOf(key);
  return entry === NONE ? NONE : table.newestOf(entry);
}

function indexOf(body: Uint8Array, count: number, lastDelta: number, place: string, baseOffset: bigint): Int32Array {
  try {
    return row.indexOf(body, count, lastDelta);
  } catch (thrown) {
    throw thrown instanceof RangeError ? broken(place, baseOffset, thrown.message) : thrown;
  }
}
