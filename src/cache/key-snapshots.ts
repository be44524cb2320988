import { catchError, concatMap, defer, map, type Observable, of, reduce } from 'rxjs';
import type { KeyTable } from './key-index.ts';
import { SnapshotReader, snapshotOf } from './key-snapshot.ts';
import { type Place, snapshotKey, snapshotOfKey, snapshotsOf } from './keys.ts';
import { pages } from './open-partition.ts';
import type { Restored } from './partition-changes.ts';
import type { Store, Write } from './store.ts';

/** How many parts are written or read at once: they take 1 to 2 ms. */
const PARTS = 16;

/**
 * Stores what a key index has seen, which is all that is decided below `covers`, in place of what was stored before. Emits
 * whether it did: it does not if keys went while it was written, which may stand in it still.
 */
export function saveKeys(
  store: Store,
  place: Place,
  table: KeyTable,
  covers: bigint,
  secret: Uint8Array,
): Observable<boolean> {
  const { removals } = table;
  const parts = snapshotOf(table, covers, secret);
  return newestOf(store, place).pipe(
    concatMap((newest) => {
      const number = newest + 1;
      let part = 0;
      const written = (): Observable<boolean> => {
        const writes: Write[] = [];
        for (const value of take(parts, PARTS)) {
          writes.push({ key: snapshotKey(place, number, part), value });
          part += 1;
        }
        if (table.removals !== removals) return of(false);
        if (writes.length > 0) return store.write(writes).pipe(concatMap(written));
        return store.clear({ from: snapshotsOf(place).from, to: snapshotKey(place, number, 0) }).pipe(map(() => true));
      };
      return written();
    }),
  );
}

/** The next so many of what there is left. */
function* take<T>(left: Iterator<T, void>, most: number): Generator<T> {
  for (let taken = 0; taken < most; taken += 1) {
    const { value, done } = left.next();
    if (done) return;
    yield value as T;
  }
}

/** The newest index that was stored as a whole, if any was. */
export const restoreKeys = (store: Store, place: Place, secret: Uint8Array): Observable<Restored | undefined> =>
  newestOf(store, place).pipe(
    concatMap((newest) => (newest < 0 ? of(undefined) : read(store, place, newest, secret))),
    // The newest may have been left unfinished; the one before it is removed only after it.
    concatMap((read) => (read === undefined || read.restored !== undefined ? of(read?.restored) : read.older)),
    catchError(() => of(undefined)),
  );

interface Read {
  readonly restored: Restored | undefined;
  readonly older: Observable<Restored | undefined>;
}

function read(store: Store, place: Place, number: number, secret: Uint8Array): Observable<Read> {
  const restore = (snapshot: number): Observable<Restored | undefined> =>
    pages(store, { from: snapshotKey(place, snapshot, 0), to: snapshotKey(place, snapshot + 1, 0) }, PARTS).pipe(
      reduce((reader: SnapshotReader | undefined, entries) => {
        const isWhole = entries.every(({ value }) => reader?.add(value) ?? false);
        return isWhole ? reader : undefined;
      }, new SnapshotReader(secret)),
      map((reader) => reader?.done),
    );
  return restore(number).pipe(map((restored) => ({ restored, older: defer(() => restore(number - 1)) })));
}

/** The number of the snapshot that was begun last; -1 where there is none. */
const newestOf = (store: Store, place: Place): Observable<number> =>
  store.list(snapshotsOf(place), 1, true).pipe(map(([last]) => (last === undefined ? -1 : snapshotOfKey(last.key))));
