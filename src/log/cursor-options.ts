import type { SchedulerLike, Subscriber } from 'rxjs';
import type { Cursor } from './cursor.ts';
import type { Filtering } from './filtering.ts';
import type { From, KeyedRecord, LogIsolation } from './log.ts';

export interface CursorOptions<R extends KeyedRecord> {
  readonly from: From;
  /** Where it stops: at the end that there is once the log is level, or at an offset. */
  readonly until?: 'latest' | bigint | undefined;
  readonly isolation: LogIsolation;
  /** Whether records are passed over that the log's index knows a newer one for. */
  readonly conflates: boolean;
  readonly filtering?: Filtering<R> | undefined;
  readonly scheduler: SchedulerLike;
  /** What it lives in: what it fails with is an error of it. Whoever made it closes it when that ends. */
  readonly life: Subscriber<never>;
  /** Told when it has begun, or may have something to poll though it had nothing. */
  readonly changed: (cursor: Cursor<R>) => void;
}
