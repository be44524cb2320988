import type { RecordBatch } from '../protocol/kafka-batch.ts';
import type { Arrived } from './arrived.ts';
import { later } from './offsets.ts';
import type { Change, PartitionStore } from './partition-store.ts';
import { ROW_BYTES, type Row, type RowMeta, rowsFrom } from './row.ts';
import { Segment } from './segment.ts';
import type { PartitionState } from './state.ts';
import type { AbortedTransaction, Transactions } from './transactions.ts';

/** Smaller rows are joined with what comes behind them. */
const SMALL = 64 << 10;

/**
 * The last rows that are written again together with `bytes` that come behind them: those that are not much larger than what
 * they are joined with, so that a record is written again about as often as its row doubles, and no row stays small.
 */
export function tailOf(rows: readonly RowMeta[], bytes: number): readonly RowMeta[] {
  let first = rows.length;
  for (let joined = bytes; first > 0; first -= 1) {
    const row = rows[first - 1] as RowMeta;
    if (row.bytes < 0 || row.bytes > SMALL || row.bytes > 2 * joined || joined + row.bytes > ROW_BYTES) break;
    joined += row.bytes;
  }
  return rows.slice(first);
}

/** Joins rows with what comes behind them; the first of what comes of it takes all of `tail` in. */
export function joined(tail: readonly Row[], rows: readonly Row[]): Row[] {
  const [first, ...others] = rows;
  if (first === undefined || tail.length === 0) return [...rows];
  const all = [...tail, first];
  const sum = (of: (row: Row) => number): number => all.reduce((total, row) => total + of(row), 0);
  const maxTimestamp = all.reduce((most, row) => later(most, row.maxTimestamp), -1n);
  return [
    {
      from: (tail[0] as Row).from,
      to: first.to,
      maxTimestamp,
      bytes: sum(({ bytes }) => bytes),
      wire: sum(({ wire }) => wire),
      records: sum(({ records }) => records),
      batches: all.flatMap(({ batches }) => batches),
    },
    ...others,
  ];
}

/** An append: what is to be stored of it, and what is then held in memory. */
export interface Appending {
  readonly change: Change;
  readonly segments: readonly Segment[];
}

/**
 * What appending batches makes of a log.
 *
 * @param transactions those of the log, which take the batches in
 * @param tail the last rows, with which the new ones are joined
 * @param known what else is known of the partition by now
 * @throws KafkaError KAFKA_RECORD_BATCH
 */
export function appending(
  data: PartitionStore,
  arrived: readonly Arrived[],
  transactions: Transactions,
  tail: readonly Row[],
  known: Partial<PartitionState>,
): Appending {
  const { state, partition, name } = data;
  const last = (arrived.at(-1) as Arrived).batch;
  const end = last.lastOffset + 1n;
  const rows = rowsFrom(state.end, end, arrived);
  const segments = rows.map(({ from, to, batches }) => Segment.of(partition, from, to, detached(batches), name));
  const aborted = arrived.flatMap(({ batch }): readonly AbortedTransaction[] => {
    const one = transactions.append(batch, name);
    return one === undefined ? [] : [one];
  });
  const [first, next] = state.aborted;
  const appended: PartitionState = {
    ...state,
    ...known,
    end,
    lastEpoch: last.leaderEpoch,
    open: transactions.open,
    aborted: [first, next + aborted.length],
    isTransactional: state.isTransactional || arrived.some(({ batch }) => batch.isTransactional),
  };
  return { change: { state: appended, old: tail, rows: joined(tail, rows), aborted }, segments };
}

/** The batches in memory of their own, if what they came in, which would be held with them, is more than twice as much. */
function detached(batches: readonly RecordBatch[]): readonly RecordBatch[] {
  const buffers = new Set(batches.map(({ bytes }) => bytes.buffer));
  const size = batches.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  const pinned = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (pinned <= 2 * size) return batches;
  const own = new Uint8Array(size);
  let at = 0;
  return batches.map((batch) => {
    const bytes = own.subarray(at, at + batch.bytes.byteLength);
    bytes.set(batch.bytes);
    at += bytes.byteLength;
    return { ...batch, bytes };
  });
}
