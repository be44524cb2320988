import { agedBelow, type Cleaned } from './cleaned.ts';
import type { RowMeta } from './row.ts';
import type { TopicConfig } from './topic-config.ts';

/** What there is to clean in a log. */
export interface Dirt {
  /** Up to where it may be cleaned: all rows below are decided, and old enough. */
  readonly to: bigint;
  /** The share of it that was never cleaned, in bytes. */
  readonly ratio: number;
  /** Whether it is to be cleaned now. */
  readonly isDue: boolean;
  /** Tombstones below it are old enough to go. */
  readonly aged: bigint;
}

export interface CleanState {
  readonly rows: readonly RowMeta[];
  readonly passes: readonly Cleaned[];
  /** Up to where records are decided and in the index. */
  readonly lastStableOffset: bigint;
}

/**
 * What there is to clean by Kafka's rules: a log is due when more than `min.cleanable.dirty.ratio` of it was never
 * cleaned, or any of it has not been for `max.compaction.lag.ms`; nothing is cleaned from the first row on that is
 * younger than `min.compaction.lag.ms`.
 */
export function dirtOf({ rows, passes, lastStableOffset }: CleanState, config: TopicConfig, now: number): Dirt {
  const last = passes.at(-1);
  const cleanTo = last?.to ?? 0n;
  const newest = BigInt(Math.ceil(Math.max(0, now - config.minCompactionLagMs)));
  let [clean, dirty, to] = [0, 0, rows[0]?.from ?? 0n];
  for (const row of rows) {
    if (row.to > lastStableOffset || (row.to > cleanTo && config.minCompactionLagMs > 0 && row.maxTimestamp > newest))
      break;
    const share =
      row.to <= cleanTo ? 0 : row.from >= cleanTo ? 1 : Number(row.to - cleanTo) / Number(row.to - row.from);
    dirty += Math.max(0, row.bytes) * share;
    clean += Math.max(0, row.bytes) * (1 - share);
    to = row.to;
  }
  const ratio = dirty === 0 ? 0 : dirty / (clean + dirty);
  const isLate = dirty > 0 && now - (last?.at ?? 0) > config.maxCompactionLagMs;
  const aged = agedBelow(passes, config.deleteRetentionMs, now);
  return { to, ratio, isDue: config.isCompacted && (isLate || ratio > config.minCleanableDirtyRatio), aged };
}
