import { Observable, type SchedulerLike, Subscriber } from 'rxjs';
import { emit, type Outlet } from '../../src/emitter.ts';
import { isFault, positive, SluiceError } from '../../src/errors.ts';
import { type Abort, abort, end, type Frame } from '../../src/frame.ts';
import { Cursor } from '../../src/log/cursor.ts';
import { Dispatcher } from '../../src/log/dispatcher.ts';
import type { From, KeyedRecord, Log, LogIsolation } from '../../src/log/log.ts';
import type { LogLane } from '../../src/log/log-lane.ts';
import { Patience } from '../../src/patience.ts';
import { eventLoop } from '../../src/scheduler.ts';

export interface FromOffsetOptions {
  /** Where to begin; `latest` and a time that nothing reaches wait until the log is level. */
  readonly from: From;
  /** Where to end: at the end as it is once the log is level, or before an offset. Without it, the lane stays open. */
  readonly until?: 'latest' | { readonly offset: bigint };
  /** `read_committed` by default. */
  readonly isolation?: LogIsolation;
  /** How long a lane that ends may take nothing, in milliseconds, an integer >= 1; 60,000 by default. */
  readonly snapshotTimeout?: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * The records of a log from an offset on, and then what comes, without a seam: one position, nothing buffered. All
 * subscribers share how they learn of changes.
 *
 *     log       ab---c--|          at first it has a and b, and c is appended
 *     credit    1--9-----
 *     result    Ba-(bl)c          l tells that it has caught up
 *
 * - *emits* runs of what follows its position while the balance is positive; one caught-up mark at the end that there was
 *   when it began, gap marks for what it missed, progress marks when it sends nothing for long
 * - *drops* nothing; what the log has lost meanwhile is told by a gap mark, `reason` retention, tombstones, recreated,
 *   truncated, corrupt or out-of-range
 * - *backpressures* nobody: it reads as it is asked, and the log keeps nothing for it, unless it ends
 * - *ends* at `until`; ABORT with what the log fails with, `SNAPSHOT_EXPIRED` or `SNAPSHOT_LOST`
 *
 * @throws SluiceError OPTION_INVALID
 */
export function fromOffset<R extends KeyedRecord>(
  log: Log<R>,
  options: FromOffsetOptions,
): Observable<Frame<LogLane<R>>> {
  const { from, until, isolation = 'read_committed', snapshotTimeout = 60_000, scheduler = eventLoop } = options;
  positive('snapshotTimeout', snapshotTimeout);
  const dispatcher = new Dispatcher(log, scheduler);
  return new Observable((out) => {
    let hasBegun = false;
    let ending: Abort<LogLane<R>['abort']> | undefined;
    let cursor: Cursor<R> | undefined;
    let patience: Patience | undefined;
    const fail = (thrown: unknown): void => {
      if (!isFault(thrown)) return out.error(thrown);
      ending = abort(thrown);
      outlet.wake();
    };
    const life = new Subscriber<never>({ next() {}, error: fail, complete() {} });
    const outlet: Outlet<LogLane<R>> = emit<LogLane<R>>(
      out,
      {
        pull(balance) {
          if (ending !== undefined || !hasBegun) return ending;
          const sent = cursor?.poll(balance);
          if (sent?.kind === 'data') patience?.took();
          return sent ?? ending ?? (cursor?.isDone ? end() : undefined);
        },
        // Some records were looked at, and none is sent: on to the next.
        idle: () => outlet.balance > 0 && cursor?.empty === false,
      },
      scheduler,
    );
    out.add(life);
    const begins = (): void => {
      const begun = cursor?.offsets;
      if (begun === undefined) return;
      if (!hasBegun) outlet.begin(begun);
      hasBegun = true;
      if (cursor?.free === true || outlet.balance > 0) outlet.wake();
    };
    cursor = new Cursor(dispatcher, {
      from,
      until: typeof until === 'object' ? until.offset : until,
      isolation,
      conflates: false,
      scheduler,
      life,
      changed: begins,
    });
    life.add(() => cursor?.close());
    begins();
    if (until === undefined) return;
    const place = `${log.topic}/${log.partition}`;
    const expired = new SluiceError('SNAPSHOT_EXPIRED', `${place}: nothing was taken for ${snapshotTimeout} ms`);
    patience = new Patience(
      snapshotTimeout,
      scheduler,
      () => outlet.balance <= 0,
      () => life.error(expired),
    );
    out.add(() => patience?.close());
  });
}
