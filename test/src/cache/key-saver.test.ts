import { asyncScheduler, delay, firstValueFrom, of, tap } from 'rxjs';
import type { KeyFollower } from '../../../src/cache/key-follower.ts';
import { KeyTable } from '../../../src/cache/key-index.ts';
import { KeySaver } from '../../../src/cache/key-saver.ts';
import { restoreKeys } from '../../../src/cache/key-snapshots.ts';
import { snapshotsOf } from '../../../src/cache/keys.ts';
import { openLevel } from '../../../src/cache/level.ts';
import { PartitionStore } from '../../../src/cache/partition-store.ts';
import type { RowMeta } from '../../../src/cache/row.ts';
import { freshState } from '../../../src/cache/state.ts';
import type { Store } from '../../../src/cache/store.ts';
import { batch } from './batches.ts';
import { MemoryStore } from './memory-store.ts';
import { begin, directories, done, open } from './open.ts';

const place = { topic: 1, partition: 0, generation: 0 };
const secret = Buffer.alloc(16, 7);

/** An index that has seen so many keys, each of an offset. */
function indexed(keys: number): { position: bigint; readonly table: KeyTable } & KeyFollower {
  const table = new KeyTable(secret);
  for (let n = 0; n < keys; n += 1) table.add(Buffer.from(`k${n}`), n);
  return { table, position: BigInt(keys) } as { position: bigint; readonly table: KeyTable } & KeyFollower;
}

const named = directories();
const value = 'x'.repeat(1 << 20);

it('should store the index of a log that is written without end, so that after a crash little of it is read again', async () => {
  let store: Store | undefined;
  const { log, close } = await open(named(), {
    isCompacted: true,
    open: (path) => openLevel(path, { isSynced: false }).pipe(tap((opened) => (store = opened))),
  });
  const stored = async (): Promise<number> => {
    const parts = await firstValueFrom((store as Store).list(snapshotsOf(place), 9));
    return parts.length;
  };
  await begin(log, 0n, 100n);
  for (let offset = 0n; offset < 3n; offset += 1n) await done(log.append([batch(offset, [[`k${offset}`, value]])]));
  expect(await stored()).toBe(0);
  for (let offset = 3n; offset < 5n; offset += 1n) await done(log.append([batch(offset, [[`k${offset}`, value]])]));
  while ((await stored()) === 0) await new Promise(setImmediate);
  expect(await stored()).toBe(1);
  await close();
});

it('should look at each row of the log once, however often it is asked whether to store the index', () => {
  const rows = Array.from({ length: 1_000 }, (_, n): RowMeta => {
    const from = BigInt(n);
    return { from, to: from + 1n, maxTimestamp: 0n, bytes: 1_000, wire: 1_000, records: 1 };
  });
  const data = new PartitionStore(new MemoryStore(), place, freshState('orders'), rows, []);
  let looks = 0;
  const between = data.rows.between.bind(data.rows);
  data.rows.between = (from, to) => {
    const found = between(from, to);
    looks += found.length;
    return found;
  };
  const saver = new KeySaver(data, secret, undefined);
  const keys = indexed(1);
  for (keys.position = 1n; keys.position <= 1_000n; keys.position += 1n) saver.keepUp(keys);
  expect(looks).toBe(1_000);
});

it('should store it whole when the log is closed while it is being stored', async () => {
  const store = new MemoryStore();
  const [list, write] = [store.list.bind(store), store.write.bind(store)];
  store.list = (...range) => list(...range).pipe(delay(0, asyncScheduler));
  // The first parts take longest.
  const times = [20];
  store.write = (writes) => write(writes).pipe(delay(times.pop() ?? 0, asyncScheduler));
  const saver = new KeySaver(new PartitionStore(store, place, freshState('orders'), [], []), secret, undefined);
  const keys = indexed(300_000);
  saver.keepUp(keys);
  keys.table.add(Buffer.from('one more'), 300_000);
  keys.position += 1n;
  await done(saver.save(keys));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const restored = await firstValueFrom(restoreKeys(store, place, secret));
  expect([restored?.covers, restored?.table.newest(Buffer.from('one more'))]).toEqual([300_001n, 300_000n]);
});

it('should store it again when keys went while it was being stored', async () => {
  const store = new MemoryStore();
  const saver = new KeySaver(new PartitionStore(store, place, freshState('orders'), [], []), secret, undefined);
  const keys = indexed(40_000);
  const write = store.write.bind(store);
  store.write = (writes) => {
    store.write = write;
    keys.table.remove(Buffer.from('k7'), 7);
    return write(writes);
  };
  await done(saver.save(keys));
  expect(await firstValueFrom(restoreKeys(store, place, secret))).toBeUndefined();
  await done(saver.save(keys));
  const restored = await firstValueFrom(restoreKeys(store, place, secret));
  expect([restored?.covers, restored?.table.newest(Buffer.from('k7'))]).toEqual([40_000n, undefined]);
});

it('should be none of a log that was cut since, after a crash', async () => {
  const store = new MemoryStore();
  const directory = named();
  const opened = (isCompacted: boolean) => open(directory, { isCompacted, open: () => of(store) });
  const first = await opened(true);
  await begin(first.log, 0n, 3n);
  for (let offset = 0n; offset < 3n; offset += 1n)
    await done(first.log.append([batch(offset, [['k', `${offset}`.padEnd(70_000)]])]));
  await first.close();
  const { log, topic, close } = await opened(false);
  await done(log.truncate(2n));
  await done(log.append([batch(2n, [['another', '2']])]));
  await done(topic.remember({ topicId: 'id', partitions: [0], configs: { 'cleanup.policy': 'compact' } }));
  // It is not closed, as far as its store knows.
  const last = await opened(true);
  expect(last.log.index?.newest(Buffer.from('k'))).toBe(1n);
  await last.close();
  await close();
});
