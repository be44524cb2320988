import type { RowMeta } from './row.ts';
import type { TopicConfig } from './topic-config.ts';

/** Where a log is to begin of which something is past retention. */
export function pastRetention(rows: readonly RowMeta[], config: TopicConfig, now: number): bigint | undefined {
  const [first] = rows;
  const to = first === undefined ? 0n : retainedFrom(rows, config, now);
  return to > (first?.from ?? 0n) ? to : undefined;
}

/**
 * Where a log begins once what is too old or too much of it is gone, as Kafka counts: rows all of whose records are
 * older than `retention.ms`, and rows that are not needed to have `retention.bytes`, as they were at the source. Whole
 * rows from the first on, and never the last.
 *
 * @param rows what its rows say, in offset order; at least one
 */
export function retainedFrom(rows: readonly RowMeta[], config: TopicConfig, now: number): bigint {
  const { isDeleted, retentionMs, retentionBytes } = config;
  let spare = rows.reduce((sum, { wire }) => sum + wire, 0) - retentionBytes;
  let first = 0;
  for (let index = 0; isDeleted && index < rows.length - 1; index += 1) {
    const { maxTimestamp, wire } = rows[index] as RowMeta;
    // What has no batches, or none any more, goes with what is behind it.
    if (wire === 0) continue;
    // Without any times, age is unknown.
    const isOld = maxTimestamp >= 0n && now - Number(maxTimestamp) > retentionMs;
    if (!isOld && spare < wire) break;
    spare -= wire;
    first = index + 1;
  }
  return (rows[first] as RowMeta).from;
}
