import { concat, concatMap, defer, forkJoin, map, type Observable, of, reduce, toArray } from 'rxjs';
import { SluiceError } from '../errors.ts';
import { abortedOf, allMetasOf, generationOf, metasOf, offsetOf, type Place, stateKey } from './keys.ts';
import { abortedOfBytes, PartitionStore } from './partition-store.ts';
import { metaOf, type RowMeta } from './row.ts';
import { unseal } from './sealed.ts';
import { decodeState, freshState, type PartitionState } from './state.ts';
import type { Entry, KeyRange, Store } from './store.ts';
import type { AbortedTransaction } from './transactions.ts';

/** How many entries are read at once. */
const PAGE = 1_000;

/** The entries of a range, so many at a time. */
export const pages = (store: Store, range: KeyRange, size = PAGE): Observable<readonly Entry[]> =>
  store.list(range, size).pipe(
    concatMap((entries) => {
      const last = entries.at(-1);
      if (last === undefined || entries.length < size) return of(entries);
      const from = Buffer.concat([last.key, Buffer.alloc(1)]);
      return concat(
        of(entries),
        defer(() => pages(store, { from, to: range.to }, size)),
      );
    }),
  );

export interface Opened {
  readonly partition: PartitionStore;
  /** Whether there was something that could not be read, so that the log begins anew. */
  readonly isDamaged: boolean;
}

/**
 * Reads what is stored of a partition but for its batches. What a bit that flipped hides is found here or when it is read: rows
 * leave no offset out, so one that is not told of leaves a hole, which counts as a row that cannot be read; and a state older
 * than the rows is none.
 */
export function openPartition(store: Store, topic: string, at: Omit<Place, 'generation'>): Observable<Opened> {
  const key = stateKey(at.topic, at.partition);
  const last = store.list(allMetasOf({ ...at, generation: 0 }), 1, true);
  return forkJoin([store.get(key), last]).pipe(
    concatMap(([stored, [newest]]) => {
      const content = unseal(key, stored);
      const state = content && decodeState(content);
      const fresh = (isDamaged: boolean): Opened => {
        const generation = Math.max(
          newest === undefined ? 0 : generationOf(newest.key) + 1,
          (state?.generation ?? -1) + 1,
        );
        const beginning = { ...freshState(topic), generation };
        return { partition: new PartitionStore(store, { ...at, generation }, beginning, [], []), isDamaged };
      };
      if (state === undefined) return of(fresh(stored !== undefined || newest !== undefined));
      if (newest !== undefined && isBehind(state, newest)) return of(fresh(true));
      const place = { ...at, generation: state.generation };
      return forkJoin([metas(store, place, state), aborted(store, place, state)]).pipe(
        map(([rows, transactions]) =>
          transactions === undefined
            ? fresh(true)
            : { partition: new PartitionStore(store, place, state, rows, transactions), isDamaged: false },
        ),
      );
    }),
  );
}

/** Whether a row is newer than a state, which is an older one then. */
const isBehind = ({ generation, end }: PartitionState, newest: Entry): boolean =>
  generationOf(newest.key) > generation || (generationOf(newest.key) === generation && offsetOf(newest.key) >= end);

/** What the rows say, those that say nothing any more included, so that none is left out. */
const metas = (store: Store, place: Place, { begin, end }: PartitionState): Observable<RowMeta[]> =>
  pages(store, metasOf(place)).pipe(
    reduce((rows, entries) => {
      for (const entry of entries) {
        const meta = metaOf(entry);
        const next = rows.at(-1)?.to ?? begin;
        if (meta === undefined || meta.from < next || meta.to > end) continue;
        if (meta.from > next) rows.push(lost(next, meta.from));
        rows.push(meta);
      }
      return rows;
    }, [] as RowMeta[]),
    map((rows) => {
      const next = rows.at(-1)?.to ?? begin;
      return next < end ? [...rows, lost(next, end)] : rows;
    }),
  );

/** What stands for rows of which nothing is known. */
export const lost = (from: bigint, to: bigint): RowMeta => ({
  from,
  to,
  maxTimestamp: -1n,
  bytes: -1,
  wire: 0,
  records: 0,
});

/** Nothing if any of them cannot be read, for then records that are void would not be known as such. */
const aborted = (store: Store, place: Place, state: PartitionState): Observable<AbortedTransaction[] | undefined> =>
  pages(store, abortedOf(place)).pipe(
    toArray(),
    map((all) => {
      const [first, next] = state.aborted;
      const found = all.flat().map(({ key, value }) => unseal(key, value));
      if (found.length !== next - first || found.includes(undefined)) return undefined;
      return found.map((bytes) => abortedOfBytes(bytes as Buffer));
    }),
  );

/** What an embedded log errors with of which something needed cannot be read. */
export const damaged = (directory: string, what: string): SluiceError =>
  new SluiceError(
    'CACHE_DAMAGED',
    `${directory}: ${what} is not what was written; copy the directory, then run sluice cache repair ${directory}`,
  );
