import { ClassicLevel } from 'classic-level';
import { defer, map, type Observable } from 'rxjs';
import type { Store } from './store.ts';

export interface LevelOptions {
  /** Whether each write is on the medium before it counts as done. */
  readonly isSynced: boolean;
}

/** What LevelDB gathers in memory before it writes a table; up to two of them are held. docs/decisions/0020 has the measurement. */
export const WRITE_BUFFER = 32 << 20;

/**
 * A store in a directory of its own, which this process locks as long as it is open. Errors with what LevelDB says if it does
 * not open.
 */
export const openLevel = (path: string, { isSynced }: LevelOptions): Observable<Store> =>
  defer(async () => {
    const level = new ClassicLevel<Uint8Array, Uint8Array>(path, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      // Rows would be compressed while they are read as well; they are incompressible as often as not.
      compression: false,
      writeBufferSize: WRITE_BUFFER,
      maxFileSize: 16 << 20,
      // Rows are kept in memory as they are read, by the memory tier.
      cacheSize: 1 << 20,
    });
    await level.open();
    return level;
  }).pipe(map((level) => storeOf(level, isSynced)));

/** Makes of a store that does not open one that does, of what can be read of it. */
export const repairLevel = (path: string): Observable<void> => defer(() => ClassicLevel.repair(path));

function storeOf(level: ClassicLevel<Uint8Array, Uint8Array>, sync: boolean): Store {
  return {
    get: (key) => defer(() => level.get(key, { fillCache: false })),
    list: ({ from, to }, limit, isReverse = false) =>
      defer(() => level.iterator({ gte: from, lt: to, limit, reverse: isReverse, ...LIST }).all()).pipe(
        map((entries) => entries.map(([key, value]) => ({ key, value }))),
      ),
    write: (writes) =>
      defer(() =>
        level.batch(
          writes.map(({ key, value }) => (value === undefined ? { type: 'del', key } : { type: 'put', key, value })),
          { sync },
        ),
      ),
    clear: ({ from, to }) => defer(() => level.clear({ gte: from, lt: to })),
    compact: ({ from, to }) => defer(() => level.compactRange(from, to)),
    close: () => defer(() => level.close()),
  };
}

const LIST = { fillCache: false, highWaterMarkBytes: 1 << 20 };
