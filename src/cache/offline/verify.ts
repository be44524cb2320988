import { catchError, concat, concatMap, defer, EMPTY, forkJoin, from, map, type Observable, of, reduce } from 'rxjs';
import { isFault } from '../../errors.ts';
import { batchesOf } from '../../records/record-batch.ts';
import { restoreKeys } from '../key-snapshots.ts';
import { snapshotsOf, topicOf, topicRange } from '../keys.ts';
import { secretOf } from '../open-cache.ts';
import { openPartition, pages } from '../open-partition.ts';
import type { PartitionStore } from '../partition-store.ts';
import type { Row, RowMeta } from '../row.ts';
import { unseal } from '../sealed.ts';
import type { Store } from '../store.ts';
import { storedTopics } from '../stored-topics.ts';
import type { StoredTopic } from '../topic.ts';
import { type Offline, offline } from './offline.ts';

/** Something that is not what was written, or gone. */
export interface Finding {
  /** Such as `items` or `items/0`. */
  readonly place: string;
  readonly what: string;
  /** The offsets that cannot be read: from one up to, not including, the other. */
  readonly from?: bigint;
  readonly to?: bigint;
}

/** What was looked at, and what was found. */
export interface Verified {
  readonly topics: number;
  readonly partitions: number;
  readonly batches: number;
  readonly bytes: number;
  readonly findings: readonly Finding[];
}

/** A step of it: something looked at, or found. */
type Step = Finding | { readonly batches: number; readonly bytes: number };

/** Looks at every checksum of a cache: of its rows, of each batch in them, and of all that it says of itself. */
export const verify = (path: string): Observable<Verified> => offline(path, verified);

export const verified = ({ store, kind }: Offline): Observable<Verified> =>
  forkJoin([secretOf(store), storedTopics(store)]).pipe(
    concatMap(([secret, { topics, nameless }]) => {
      const partitions = topics.map(partitionsOf);
      const parts = topics.flatMap((topic, index) => (partitions[index] as number[]).map((one) => ({ topic, one })));
      const names = new Map(topics.map(({ number, name }) => [number, name]));
      const steps = concat(
        from(nameless.map((number) => found(`topic number ${number}`, 'its name is not what was written'))),
        rememberedOf(store, names),
        from(parts).pipe(concatMap(({ topic, one }) => partitionSteps(store, topic, one, kind === 'embedded', secret))),
      );
      const nothing = { topics: topics.length, partitions: parts.length, batches: 0, bytes: 0, findings: [] };
      return steps.pipe(reduce<Step, Verified>(withStep, nothing));
    }),
  );

const withStep = (verified: Verified, step: Step): Verified =>
  'place' in step
    ? { ...verified, findings: [...verified.findings, step] }
    : { ...verified, batches: verified.batches + step.batches, bytes: verified.bytes + step.bytes };

const found = (place: string, what: string, at?: Pick<RowMeta, 'from' | 'to'>): Finding => ({
  place,
  what,
  ...(at && { from: at.from, to: at.to }),
});

/** Those of which something is stored, or is to be. */
export const partitionsOf = ({ partitions, remembered }: StoredTopic): number[] =>
  [...new Set([...partitions, ...(remembered?.partitions ?? [])])].sort((a, b) => a - b);

const rememberedOf = (store: Store, names: ReadonlyMap<number, string>): Observable<Finding> =>
  pages(store, topicRange).pipe(
    concatMap((entries) => from(entries)),
    concatMap(({ key, value }) => {
      const name = names.get(topicOf(key));
      if (name === undefined || unseal(key, value) !== undefined) return EMPTY;
      return of(found(name, 'what is remembered of it is not what was written'));
    }),
  );

const partitionSteps = (
  store: Store,
  { name, number, partitions }: StoredTopic,
  partition: number,
  isEmbedded: boolean,
  secret: Uint8Array,
): Observable<Step> => {
  const place = `${name}/${partition}`;
  return openPartition(store, name, { topic: number, partition }).pipe(
    concatMap(({ partition: data, isDamaged }): Observable<Step> => {
      if (isDamaged || (isEmbedded && !data.state.isBegun && !partitions.includes(partition)))
        return of(found(place, 'its state is not what was written'));
      const rows = from(data.rows.all).pipe(concatMap((row) => rowStep(data, row)));
      return concat(rows, keysStep(data, secret));
    }),
    // What LevelDB itself cannot read any more.
    catchError((thrown: Error) => of(found(place, thrown.message))),
  );
};

const rowStep = (data: PartitionStore, meta: RowMeta): Observable<Step> =>
  data.read(meta).pipe(
    map((row): Step => {
      const why = row === undefined ? 'records are not what was written' : brokenBatch(row, data.name);
      if (why !== undefined) return found(data.name, why, meta);
      return { batches: (row as Row).batches.length, bytes: meta.bytes };
    }),
  );

function brokenBatch({ batches }: Row, name: string): string | undefined {
  try {
    for (const { bytes } of batches) for (const _ of batchesOf(bytes, name));
    return undefined;
  } catch (thrown) {
    if (!isFault(thrown)) throw thrown;
    return thrown.message;
  }
}

/** An index is derived, and made again of the records when it cannot be read. */
const keysStep = ({ store, place, name }: PartitionStore, secret: Uint8Array): Observable<Finding> =>
  forkJoin([store.list(snapshotsOf(place), 1), defer(() => restoreKeys(store, place, secret))]).pipe(
    concatMap(([[part], restored]) => (part === undefined || restored !== undefined ? EMPTY : of(found(name, KEYS)))),
  );

const KEYS = 'what is stored of its keys is not what was written, and is made again when it is opened';
