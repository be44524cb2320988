import type { Missed } from '../log.ts';
import type { BreakReason } from './state.ts';

/** That what was read of a log before is not what is there now. */
export interface Break {
  readonly reason: BreakReason;
  /** Of a truncation, from which offset on; else where the log had ended. */
  readonly at: bigint;
  /** Where the log begins now. */
  readonly begin: bigint;
}

/** What a reader at `position` missed by breaks, the oldest first. */
export function missedBy(breaks: readonly Break[], partition: number, position: bigint): Missed | undefined {
  let missed: Missed | undefined;
  let at = position;
  for (const { reason, at: where, begin } of breaks) {
    if (reason === 'truncated' && at <= where) continue;
    // After a fill from the start a reader goes on where it was: what it read is there, but for tombstones.
    if (reason === 'truncated') at = where;
    else if (reason !== 'tombstones') at = begin;
    const from = at < position ? at : position;
    const to = reason === 'truncated' || where < position ? position : where;
    missed = { gap: { mark: 'gap', partition, from, to, reason }, resume: at };
  }
  return missed;
}
