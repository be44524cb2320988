import type { Missed } from '../log/log.ts';

/** That what was read of a log before is not what is there now. */
export interface Break {
  readonly reason: 'recreated' | 'truncated' | 'corrupt';
  /** Of a truncation, from which offset on; else where the log had ended. */
  readonly at: bigint;
}

/** What a reader at `position` missed by breaks, the oldest first. */
export function missedBy(breaks: readonly Break[], partition: number, position: bigint): Missed | undefined {
  let missed: Missed | undefined;
  let resume = position;
  for (const { reason, at } of breaks) {
    const isTruncated = reason === 'truncated';
    if (isTruncated && resume <= at) continue;
    resume = isTruncated ? at : 0n;
    const from = isTruncated ? at : position;
    const to = isTruncated || at < position ? position : at;
    missed = { gap: { mark: 'gap', partition, from, to, reason }, resume };
  }
  return missed;
}
