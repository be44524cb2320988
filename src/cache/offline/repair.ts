import { randomBytes } from 'node:crypto';
import { concat, concatMap, defer, EMPTY, from, ignoreElements, map, type Observable, reduce, toArray } from 'rxjs';
import { SluiceError } from '../../errors.ts';
import { EMBEDDED_CONFIGS } from '../embedded/topic-options.ts';
import type { Remembered } from '../following/followed-log.ts';
import {
  allMetasOf,
  allSnapshotsOf,
  dataOf,
  generationOf,
  metasOf,
  type Place,
  partitionOf,
  stateKey,
  topicKey,
  topicOf,
} from '../keys.ts';
import { repairLevel } from '../level.ts';
import { later } from '../offsets.ts';
import { openPartition, pages } from '../open-partition.ts';
import { metaOf, type RowMeta } from '../row.ts';
import { seal, unseal } from '../sealed.ts';
import { decodeState, encodeState, freshState, type PartitionState } from '../state.ts';
import type { Store } from '../store.ts';
import { storedTopics } from '../stored-topics.ts';
import type { StoredTopic } from '../topic.ts';
import { cacheAt, offline } from './offline.ts';
import { type Finding, partitionsOf, verified } from './verify.ts';

/** What was done, and what cannot be had back: readers are told of it by gaps. */
export interface Repaired {
  readonly done: readonly string[];
  readonly lost: readonly Finding[];
}

/**
 * Makes of an embedded log that does not open one that does, of all that can be read of it. Errors as `offline` does, and
 * with CACHE_KIND for a cache, which gets again by itself what it lost.
 */
export const repair = (path: string): Observable<Repaired> =>
  defer(() => {
    if (cacheAt(path).kind === 'cache')
      throw new SluiceError('CACHE_KIND', `${path} is a cache: what is damaged of it is fetched again by itself`);
    const done: string[] = [];
    const mend = ({ store }: { readonly store: string }): Observable<void> => {
      done.push('the store did not open, and was made again of what can be read of it');
      return repairLevel(store);
    };
    return offline(
      path,
      (opened) =>
        concat(
          repaired(opened.store).pipe(
            map((what) => void done.push(what)),
            ignoreElements(),
          ),
          defer(() => verified(opened)).pipe(map(({ findings }) => ({ done, lost: findings }))),
        ),
      { mend },
    );
  });

/** Emits what is done, once it is. */
const repaired = (store: Store): Observable<string> =>
  topicsOf(store).pipe(
    concatMap((topics) => from(topics)),
    concatMap((topic) => repairedTopic(store, topic)),
  );

/** All topics of which anything is stored; those whose names are lost get others. */
const topicsOf = (store: Store): Observable<readonly StoredTopic[]> =>
  storedTopics(store).pipe(
    concatMap(({ topics }) => {
      const known = new Map(topics.map((topic) => [topic.number, topic]));
      const [metas] = dataOf(0, HIGHEST);
      return pages(store, metas as typeof metas & object).pipe(
        reduce(
          (partitions, entries) => {
            for (const { key } of entries) {
              const own = partitions.get(topicOf(key)) ?? new Set<number>();
              partitions.set(topicOf(key), own.add(partitionOf(key)));
            }
            return partitions;
          },
          new Map<number, Set<number>>(topics.map((topic) => [topic.number, new Set(partitionsOf(topic))])),
        ),
        map((partitions) =>
          [...partitions].map(([number, own]): StoredTopic => {
            const { name = `recovered-${number}`, remembered } = known.get(number) ?? {};
            return { name, number, remembered, partitions: [...own].sort((a, b) => a - b) };
          }),
        ),
      );
    }),
  );

const HIGHEST = 0xffff_ffff;

/** What is written of a topic with each partition, too. */
type Named = Pick<PartitionState, 'topicId'> & { readonly name: string };

const repairedTopic = (store: Store, { name, number, remembered, partitions }: StoredTopic): Observable<string> => {
  const count = Math.max(...partitions) + 1;
  const all = Array.from({ length: count }, (_, partition) => partition);
  const topicId = remembered?.topicId || randomBytes(16).toString('base64url');
  const isCompacted = remembered?.configs?.['cleanup.policy']?.includes('compact') ?? true;
  const states = from(all).pipe(
    concatMap((partition) => repairedPartition(store, { name, topicId }, { topic: number, partition }, isCompacted)),
  );
  return concat(
    states,
    remembered?.configs === undefined ? rememberedAgain(store, number, { name, topicId }, all) : EMPTY,
  );
};

/** Whatever it was configured to, nothing of it is deleted until a graph says how it is. */
const rememberedAgain = (store: Store, number: number, { name, topicId }: Named, partitions: readonly number[]) => {
  const key = topicKey(number);
  const configs = { ...EMBEDDED_CONFIGS, 'retention.ms': '-1' };
  const topic: Remembered = { topicId, partitions, configs };
  return store
    .write([{ key, value: seal(key, Buffer.from(JSON.stringify({ name, ...topic }))) }])
    .pipe(map(() => `${name}: how it was configured is lost; it is kept for ever until a graph says how it is`));
};

const repairedPartition = (
  store: Store,
  topic: Named,
  at: Omit<Place, 'generation'>,
  isCompacted: boolean,
): Observable<string> =>
  // An index would be taken for that of records which come in the place of those that it covers.
  store.clear(allSnapshotsOf(at)).pipe(
    concatMap(() => openPartition(store, topic.name, at)),
    concatMap(({ partition, isDamaged }) => {
      if (!isDamaged && partition.state.isBegun) return EMPTY;
      return rebuilt(store, topic, at, isCompacted).pipe(
        concatMap((state) => {
          const key = stateKey(at.topic, at.partition);
          const { logStart, end } = state;
          const what = `${topic.name}/${at.partition}: its state was made again of its rows, offsets ${logStart} to ${end}`;
          return store.write([{ key, value: seal(key, encodeState(state)) }]).pipe(map(() => what));
        }),
      );
    }),
  );

/** Where a partition stands by what its rows say, and what can be read of its state. */
const rebuilt = (
  store: Store,
  topic: Named,
  at: Omit<Place, 'generation'>,
  isCompacted: boolean,
): Observable<PartitionState> =>
  store.get(stateKey(at.topic, at.partition)).pipe(
    concatMap((stored) => {
      const content = unseal(stateKey(at.topic, at.partition), stored);
      const known = content && decodeState(content);
      return store.list(allMetasOf({ ...at, generation: 0 }), 1, true).pipe(
        concatMap(([newest]) => {
          const generation = newest === undefined ? (known?.generation ?? 0) : generationOf(newest.key);
          return pages(store, metasOf({ ...at, generation })).pipe(
            concatMap((entries) => from(entries.flatMap((entry) => metaOf(entry) ?? []))),
            toArray(),
            map((rows) => stateOf(rows, generation, known, topic, isCompacted)),
          );
        }),
      );
    }),
  );

function stateOf(
  rows: readonly RowMeta[],
  generation: number,
  known: PartitionState | undefined,
  { name, topicId }: Named,
  isCompacted: boolean,
): PartitionState {
  const before = known?.generation === generation ? known : undefined;
  const end = rows.reduce((most, { to }) => later(most, to), before?.end ?? 0n);
  const begin = before?.begin ?? rows[0]?.from ?? end;
  // What the cleaner took of tombstones is not known any more.
  const tombstones = before?.tombstones ?? (isCompacted ? end : 0n);
  const fresh = { ...freshState(name), topicId, generation, logStart: begin, tombstones };
  return { ...fresh, ...before, isBegun: true, filled: before?.filled ?? 0n, begin, end };
}
