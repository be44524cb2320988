import type { CaughtUp, Gap, Progress } from '../marks.ts';
import type { RunLane } from '../protocol.ts';
import type { KeyedRecord, PartitionOffsets } from './log.ts';

/** What readers of logs are told among the records. */
export type CursorMark = CaughtUp | Gap | Progress;

/** The lane of a reader of a log. */
export interface LogLane<R extends KeyedRecord> extends RunLane<R> {
  readonly begin: PartitionOffsets;
  readonly flush: CursorMark;
}
