import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  ignoreElements,
  type Observable,
  of,
  repeat,
  type SchedulerLike,
  take,
  timer,
} from 'rxjs';
import type { Cache } from './cache.ts';
import { pastRetention } from './retention.ts';
import { topicConfig } from './topic-config.ts';
import type { UpkeptPartition } from './upkept-partition.ts';

export interface SweepOptions {
  readonly scheduler: SchedulerLike;
  /** How long it rests, in milliseconds. */
  readonly interval: number;
  /** Told what reading or writing failed with. The topic is left alone until the next turn. */
  readonly failed: (topic: { readonly name: string }, thrown: unknown) => void;
}

/**
 * Keeps topics that nobody has open within their retention, as long as it is subscribed to: in turns, each of which something
 * may be deleted is opened, one at a time, for as long as that takes.
 */
export const sweep = (cache: Cache, { scheduler, interval, failed }: SweepOptions): Observable<never> =>
  timer(interval, scheduler).pipe(
    concatMap(() => from(cache.idle)),
    concatMap(({ name, remembered }) =>
      defer(() => (topicConfig(remembered?.configs ?? {}).isDeleted ? cache.topic(name) : EMPTY)).pipe(
        concatMap(({ upkept }) => concat(...upkept.map((log) => retained(log, scheduler)), of(undefined))),
        take(1),
        ignoreElements(),
        catchError((thrown) => {
          failed({ name }, thrown);
          return EMPTY;
        }),
      ),
    ),
    repeat(),
  );

const retained = (log: UpkeptPartition, scheduler: SchedulerLike): Observable<never> =>
  defer(() => {
    const to = pastRetention(log.rows, log.config, scheduler.now());
    return to === undefined ? EMPTY : concat(log.trim(to), log.reclaim(to)).pipe(ignoreElements());
  });
