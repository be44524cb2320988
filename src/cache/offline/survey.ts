import { concat, concatMap, defer, forkJoin, from, map, type Observable, of, toArray } from 'rxjs';
import { eventLoop } from '../../scheduler.ts';
import type { CacheKind } from '../directory.ts';
import { dirtOf } from '../dirt.ts';
import { Memory } from '../memory.ts';
import { secretOf } from '../open-cache.ts';
import type { RowMeta } from '../row.ts';
import type { Store } from '../store.ts';
import { storedTopics } from '../stored-topics.ts';
import { type StoredTopic, Topic } from '../topic.ts';
import type { UpkeptPartition } from '../upkept-partition.ts';
import { offline } from './offline.ts';

/** What is in a cache. */
export interface Survey {
  readonly path: string;
  readonly kind: CacheKind;
  readonly topics: readonly TopicSurvey[];
}

export interface TopicSurvey {
  readonly topic: string;
  readonly topicId: string;
  readonly configs: Readonly<Record<string, string | null>>;
  readonly partitions: readonly PartitionSurvey[];
}

export interface PartitionSurvey {
  readonly partition: number;
  readonly logStart: bigint;
  readonly lastStableOffset: bigint;
  readonly end: bigint;
  readonly records: number;
  /** What its batches take, in bytes. */
  readonly bytes: number;
  /** How many keys have a record; on a compacted topic only. */
  readonly keys?: number;
  /** Which share of the bytes the cleaner has not been through; on a compacted topic only. */
  readonly dirtyRatio?: number;
  /** When it was level with its source last, in milliseconds since 1970; of a cache that ever was only. */
  readonly levelAt?: number;
}

const MEMORY = 16 << 20;
const INFLATED = 64 << 20;

/** Looks at what the cache of a directory has, and changes nothing. Errors as `offline` does. */
export const survey = (path: string): Observable<Survey> =>
  offline(path, ({ store, kind }) =>
    forkJoin([secretOf(store), storedTopics(store)]).pipe(
      concatMap(([secret, { topics }]) =>
        from(topics.toSorted((a, b) => (a.name < b.name ? -1 : 1))).pipe(
          concatMap((stored) => surveyTopic(stored, path, kind, readOnly(store), secret)),
          toArray(),
        ),
      ),
      map((topics) => ({ path, kind, topics })),
    ),
  );

const surveyTopic = (
  stored: StoredTopic,
  directory: string,
  kind: CacheKind,
  store: Store,
  secret: Uint8Array,
): Observable<TopicSurvey> =>
  defer(() => {
    const topic = new Topic(stored, {
      ...{ store, directory, secret, memory: new Memory(MEMORY), maxInflated: INFLATED, scheduler: eventLoop },
      ...{ isEmbedded: kind === 'embedded', notify() {} },
    });
    const { topicId = '', configs = {}, partitions = [] } = stored.remembered ?? {};
    const all = [...new Set([...stored.partitions, ...partitions])].sort((a, b) => a - b);
    const surveyed = defer(() => {
      const found = topic.upkept.map((upkept, index) => partitionOf(topic, all[index] as number, upkept));
      for (const partition of topic.partitions.values()) partition.close();
      return of({ topic: stored.name, topicId, configs, partitions: found });
    });
    return concat(topic.open(all), surveyed);
  });

function partitionOf(topic: Topic, number: number, { rows, cleanable, config }: UpkeptPartition): PartitionSurvey {
  const partition = topic.partition(number);
  const { logStart, end } = partition.state;
  const { lastStableOffset } = partition.offsets;
  const sum = (of: (row: RowMeta) => number): number => rows.reduce((total, row) => total + Math.max(0, of(row)), 0);
  return {
    ...{ partition: number, logStart, lastStableOffset, end },
    records: sum(({ records }) => records),
    bytes: sum(({ bytes }) => bytes),
    ...(cleanable && {
      keys: cleanable.table.size,
      dirtyRatio: dirtOf(cleanable, config, eventLoop.now()).ratio,
    }),
    ...(partition.levelAt !== undefined && { levelAt: partition.levelAt }),
  };
}

/** What looking would write on the way is left out: it is derived. */
const readOnly = (store: Store): Store => ({
  get: (key) => store.get(key),
  list: (range, limit, isReverse) => store.list(range, limit, isReverse),
  write: () => of(undefined),
  clear: () => of(undefined),
  compact: () => of(undefined),
  close: () => of(undefined),
});
