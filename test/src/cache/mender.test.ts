import { join } from 'node:path';
import { filter, firstValueFrom, of, Subject, throwError } from 'rxjs';
import type { Arrived } from '../../../src/cache/arrived.ts';
import { metaKey, rowKey, snapshotsOf } from '../../../src/cache/keys.ts';
import { openLevel } from '../../../src/cache/level.ts';
import type { RecordBatch } from '../../../src/protocol/kafka-batch.ts';
import { batch } from './batches.ts';
import { begin, directories, done, held, open, readAll } from './open.ts';

const named = directories();
const value = 'x'.repeat(300_000);
const batches = [0n, 1n, 2n, 3n].map((offset) => batch(offset, [['k', value]]));
const records = batches.map((_, offset) => `${offset}:k=${value}`);
const place = { topic: 1, partition: 0, generation: 0 };
const arrived = (one: RecordBatch): Arrived => ({ batch: one, wire: one.bytes.byteLength });

/** A store of four rows, of which the third, or what is known of it, is gone. */
async function without(
  what: 'row' | 'meta',
  kind: 'cache' | 'embedded' = 'cache',
  isCompacted = false,
): Promise<string> {
  const directory = named();
  const { log, close } = await open(directory, { kind, isCompacted });
  await begin(log, 0n, 4n);
  await done(log.append(batches));
  expect(log.rows).toHaveLength(4);
  await close();
  await damage(directory, what === 'row' ? rowKey(place, 2n) : metaKey(place, 2n));
  return directory;
}

/** Takes an entry from a store, and what is stored of indexes. */
async function damage(directory: string, key: Uint8Array): Promise<void> {
  const [store] = await held(openLevel(join(directory, 'store'), { isSynced: false }));
  await done(store.write([{ key }]));
  await done(store.clear(snapshotsOf(place)));
  await done(store.close());
}

const where = { topic: 'orders', partition: 0, from: 2n, to: 3n };

describe.each(['row', 'meta'] as const)('where a %s vanished', (what) => {
  it('should be fetched again, once, however many read', async () => {
    const { log, events, close } = await open(await without(what));
    const fetched = new Subject<readonly RecordBatch[]>();
    const asked: unknown[] = [];
    log.source = {
      resume: () => {},
      refetch: (...range) => {
        asked.push(range);
        return fetched;
      },
    };
    const reading = [readAll(log), readAll(log)];
    while (asked.length === 0) await new Promise(setImmediate);
    // What is appended meanwhile does not wait for it.
    await done(log.append([batch(4n, [['k', 'v']])]));
    fetched.next(batches.slice(2));
    fetched.complete();
    for (const read of await Promise.all(reading)) expect(read).toEqual([...records, '4:k=v']);
    expect(asked).toEqual([[2n, 3n]]);
    expect(events).toEqual([
      { event: 'corrupt', ...where },
      { event: 'mended', ...where },
    ]);
    await close();
  });

  it('should be a fault as long as it cannot be fetched, and no longer', async () => {
    const directory = await without(what);
    const { log, close } = await open(directory);
    await expect(done(log.load(2n, 'read_committed'))).rejects.toMatchObject({
      code: 'CACHE_CORRUPT',
      message: expect.stringContaining('orders/0: offsets 2 to 3'),
    });
    log.source = { resume: () => {}, refetch: () => throwError(() => ({ code: 'DOWN', message: 'down' })) };
    await expect(done(log.load(2n, 'read_committed'))).rejects.toMatchObject({ code: 'DOWN' });
    expect(await readAll(log, 'read_committed', 3n)).toEqual(records.slice(3));
    log.source = { resume: () => {}, refetch: () => of(batches) };
    expect(await readAll(log)).toEqual(records);
    await close();
    const again = await open(directory);
    expect(await readAll(again.log)).toEqual(records);
    await again.close();
  });

  it('should be told as a gap where its source has nothing of it any more', async () => {
    const { log, close } = await open(await without(what));
    log.source = { resume: () => {}, refetch: () => of([]) };
    expect(await readAll(log)).toEqual([...records.slice(0, 2), 'gap 2-3 corrupt', ...records.slice(3)]);
    await close();
  });

  it('should be told as a gap where its source has lost it, too', async () => {
    const directory = await without(what);
    const { log, close } = await open(directory);
    log.source = { resume: () => {}, refetch: () => of('lost' as const) };
    expect(await readAll(log)).toEqual([...records.slice(0, 2), 'gap 2-3 corrupt', ...records.slice(3)]);
    await done(log.lose(6n));
    await done(log.append([batch(6n, [['k', 'v']])]));
    await close();
    const again = await open(directory);
    again.log.source = { resume: () => {}, refetch: () => of('lost' as const) };
    const behind = ['gap 4-6 corrupt', '6:k=v'];
    expect(await readAll(again.log, 'read_committed', 3n)).toEqual([...records.slice(3), ...behind]);
    await again.close();
  });

  it('should be told as a gap in an embedded log', async () => {
    const { log, close } = await open(await without(what, 'embedded'), { kind: 'embedded' });
    expect(await readAll(log)).toEqual([...records.slice(0, 2), 'gap 2-3 corrupt', ...records.slice(3)]);
    await close();
  });
});

describe('a row of a compacted topic', () => {
  it('should keep what is behind it from those who read what is decided, until its keys are known', async () => {
    const { log, close } = await open(await without('row', 'cache', true), { isCompacted: true });
    expect(log.offsets).toMatchObject({ lastStableOffset: 2n, highWatermark: 4n });
    expect(await readAll(log)).toEqual(records.slice(0, 2));
    expect(log.index!.newest(Buffer.from('k'))).toBe(1n);
    const moved = firstValueFrom(log.changes.pipe(filter(() => log.offsets.lastStableOffset === 4n)));
    log.source = { resume: () => {}, refetch: () => of(batches) };
    await moved;
    expect(await readAll(log)).toEqual(records);
    expect(log.index!.newest(Buffer.from('k'))).toBe(3n);
    await close();
  });

  it('should be fetched again with the whole log, if what the source has of it is not what it was', async () => {
    const directory = named();
    const first = await open(directory, { isCompacted: true });
    await begin(first.log, 0n, 5n);
    const written = [
      batch(0n, [['k', value]]),
      batch(1n, [['l', value]]),
      batch(2n, [
        ['k', null],
        ['m', value],
      ]),
      batch(4n, [['n', value]]),
    ];
    await done(first.log.append(written));
    expect(first.log.rows.map(({ from }) => from)).toEqual([0n, 1n, 2n, 4n]);
    await first.close();
    await damage(directory, rowKey(place, 2n));
    const { log, close } = await open(directory, { isCompacted: true });
    // The source's cleaner took the tombstone, after what that buried.
    const left = [written[1]!, batch(3n, [['m', value]]), written[3]!];
    const resumed = new Promise<void>((resolve) => {
      log.source = { refetch: () => of(left.slice(1, 2)), resume: resolve };
    });
    await resumed;
    await begin(log, 0n, 5n);
    await done(log.append(left));
    await done(log.ready());
    expect(await readAll(log)).toEqual([`1:l=${value}`, `3:m=${value}`, `4:n=${value}`]);
    expect(log.index!.newest(Buffer.from('k'))).toBe(undefined);
    await close();
  });

  it('should be fetched again with the whole log, if it is not known what it was', async () => {
    const { log, close } = await open(await without('meta', 'cache', true), { isCompacted: true });
    const resumed = new Promise<void>((resolve) => {
      log.source = { refetch: () => of(batches), resume: resolve };
    });
    await resumed;
    expect([log.next, log.offsets.isBegun]).toEqual([undefined, false]);
    await close();
  });

  it('should be fetched again with the whole log, if it was cleaned, since the source may have what was cleaned out', async () => {
    const directory = await without('row', 'cache', true);
    const first = await open(directory, { isCompacted: true });
    const [cleaned] = first.topic.upkept;
    // The pass does not come to its end.
    expect(await done(cleaned!.rewrite(first.log.rows.slice(3), batches.slice(3).map(arrived), 0n))).toBe(true);
    await first.close();
    const { log, close } = await open(directory, { isCompacted: true });
    const resumed = new Promise<void>((resolve) => {
      log.source = { refetch: () => of(batches), resume: resolve };
    });
    await resumed;
    expect([log.next, log.offsets.isBegun]).toEqual([undefined, false]);
    await begin(log, 0n, 4n);
    await done(log.append(batches));
    await done(log.ready());
    expect(await readAll(log)).toEqual(records);
    await close();
  });
});

it('should be fetched again where the log begins within one of its batches', async () => {
  const directory = named();
  const first = await open(directory);
  await begin(first.log, 1n, 2n);
  const all = [
    batch(0n, [
      ['a', '1'],
      ['b', '2'],
    ]),
  ];
  await done(first.log.append(all));
  await first.close();
  await damage(directory, rowKey(place, 1n));
  const { log, close } = await open(directory);
  log.source = { resume: () => {}, refetch: () => of(all) };
  expect(await readAll(log)).toEqual(['1:b=2']);
  await close();
});
