import type { Subscriber } from 'rxjs';
import { listen } from '../listen.ts';
import { type From, type KeyedRecord, type Log, type LogIsolation, readableEnd, type Seen } from './log.ts';

/** Where a reader begins, and what it remembers of the log. */
export interface Start {
  readonly offset: bigint;
  readonly seen: Seen;
}

/**
 * Finds where a reader begins, and hands it to `found`; `undefined` where that is the end of the log, and not known before
 * the log is level. What it fails with is an error of `life`.
 */
export function start<R extends KeyedRecord>(
  log: Log<R>,
  from: From,
  isolation: LogIsolation,
  life: Subscriber<never>,
  found: (start: Start | undefined) => void,
): void {
  const { seen } = log;
  const atEnd = (): void =>
    found(log.offsets.isLevel ? { offset: readableEnd(log.offsets, isolation), seen: log.seen } : undefined);
  if (from === 'earliest') return found({ offset: log.offsets.logStart, seen });
  if (from === 'latest') return atEnd();
  // An offset may be one that was read before: no tombstone is one that it saw go.
  if ('offset' in from) return found({ offset: from.offset, seen: { generation: seen.generation, tombstones: 0n } });
  listen(log.find(from.timestamp), life, {
    next: (offset) => (offset < readableEnd(log.offsets, isolation) ? found({ offset, seen: log.seen }) : atEnd()),
    complete() {},
  });
}
