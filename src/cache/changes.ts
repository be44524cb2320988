import { later } from './offsets.ts';
import type { Change, PartitionStore } from './partition-store.ts';
import { type Row, type RowMeta, rowsFrom } from './row.ts';
import { freshState, type PartitionState } from './state.ts';
import { Transactions } from './transactions.ts';

/** What removing all that is below an offset makes of a log: whole rows go. */
export function trimming(data: PartitionStore, logStart: bigint, known: Partial<PartitionState>): Change {
  const { state, rows } = data;
  const old = rows.all.filter(({ to }) => to <= logStart);
  const isEmpty = logStart >= state.end;
  // Of what never came it is not known which transactions ended there.
  const transactions = logStart > state.end ? new Transactions(logStart) : data.transactions();
  transactions.drop(logStart);
  const [first, next] = state.aborted;
  const trimmed: PartitionState = {
    ...state,
    ...known,
    begin: isEmpty ? logStart : (old.at(-1)?.to ?? state.begin),
    logStart,
    end: isEmpty ? logStart : state.end,
    open: transactions.open,
    aborted: [first + data.abortedBelow(logStart), next],
  };
  return { state: trimmed, old };
}

/**
 * What removing all that is at an offset or behind it makes of a log without transactions: a batch that goes past the offset
 * goes as a whole.
 *
 * @param old the rows from the offset on
 * @param row the first of them
 * @param before the last row before them that has batches, if there is one and it can be read
 */
export function cutting(
  { state, rows: { all } }: PartitionStore,
  offset: bigint,
  old: readonly RowMeta[],
  row: Row,
  before: Row | undefined,
  known: Partial<PartitionState>,
): Change {
  const kept = row.batches.filter(({ lastOffset }) => lastOffset < offset);
  const first = row.batches[kept.length];
  const end = first !== undefined && first.baseOffset < offset ? first.baseOffset : offset;
  const last = kept.at(-1) ?? before?.batches.at(-1);
  const { logStart } = state;
  if (end < logStart) return { state: { ...state, ...known, begin: logStart, end: logStart, lastEpoch: -1 }, old: all };
  const rows = rowsFrom(
    row.from,
    end,
    kept.map((batch) => ({ batch, wire: batch.bytes.byteLength })),
  );
  return { state: { ...state, ...known, end, lastEpoch: last?.leaderEpoch ?? -1 }, old, rows };
}

/**
 * A log of which it is not known yet where it begins, with no rows.
 *
 * @param ends below which tombstones count as removed
 * @param isBroken whether what readers read is not what there will be
 */
export function begunAnew(state: PartitionState, ends: readonly bigint[], isBroken: boolean): PartitionState {
  return {
    ...freshState(state.topic),
    topicId: state.topicId,
    generation: state.generation + 1,
    breaks: state.breaks + (isBroken ? 1 : 0),
    tombstones: ends.reduce(later, state.tombstones),
  };
}
