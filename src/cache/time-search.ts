import { Observable, type SchedulerLike } from 'rxjs';
import { listen } from '../listen.ts';
import { Loop } from '../loop.ts';
import { later } from './offsets.ts';
import type { PartitionStore } from './partition-store.ts';
import type { RowMeta } from './row.ts';
import type { RowReader } from './row-reader.ts';
import type { Decided, Segment } from './segment.ts';

export interface TimeSearch {
  readonly data: PartitionStore;
  readonly reader: RowReader;
  readonly decided: () => Decided;
  readonly scheduler: SchedulerLike;
}

/**
 * Emits the offset of the first record of a log that is of a time or a later one, in milliseconds since 1970; the end where
 * there is none. A row may tell of a later time than its records have, as one does that markers of transactions are in,
 * so all of the log may have to be looked through: in slices, and flat however long that is.
 */
export const searchTime = (timestamp: bigint, search: TimeSearch): Observable<bigint> =>
  new Observable((out) => {
    const { data, reader, decided, scheduler } = search;
    let log = data.state;
    let at = log.logStart;
    let row: RowMeta | undefined;
    let isLoading = false;
    const found = (offset: bigint): false => {
      out.next(offset);
      out.complete();
      return false;
    };
    /** Goes with the start of the log, and back to it where what was looked through is not what is there. */
    const keepUp = (): void => {
      const { state } = data;
      if (state.generation !== log.generation || state.breaks !== log.breaks) {
        at = state.logStart;
        row = undefined;
      }
      log = state;
      at = later(at, log.logStart);
    };
    const look = (segment: Segment): boolean => {
      keepUp();
      if (at < segment.from || at >= segment.to) return true;
      const { run, to } = segment.uncommitted(at, decided());
      for (let index = 0; run !== undefined && index < run.length; index += 1) {
        const record = run.at(index);
        if (record.timestamp >= timestamp && record.offset >= at) return found(record.offset);
      }
      at = to;
      return true;
    };
    const load = (): boolean => {
      isLoading = true;
      listen(reader.load(at), out, {
        next: look,
        complete() {
          isLoading = false;
          // It may have gone meanwhile.
          row = undefined;
          loop.wake();
        },
      });
      return !isLoading;
    };
    const step = (): boolean => {
      if (isLoading || out.closed) return false;
      keepUp();
      if (row === undefined || at >= row.to) {
        const { rows, state } = data;
        row = rows.between(at, state.end).find(({ maxTimestamp, bytes }) => maxTimestamp >= timestamp || bytes < 0);
        if (row === undefined) return found(state.end);
        at = later(at, row.from);
      }
      const segment = reader.at(at);
      return segment === undefined ? load() : look(segment);
    };
    const loop = new Loop(step, (thrown) => out.error(thrown), scheduler);
    out.add(() => loop.stop());
    loop.wake();
  });
