import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { map, type Observable, of, throwError } from 'rxjs';
import { PROBE } from '../../../src/cache/guarded-store.ts';
import { openLevel } from '../../../src/cache/level.ts';
import { openCache } from '../../../src/cache/open-cache.ts';
import type { Store } from '../../../src/cache/store.ts';
import { eventLoop } from '../../../src/scheduler.ts';
import { batch } from './batches.ts';
import { begin, directories, done, held, open, readAll } from './open.ts';

const directory = directories();

describe('a cache', () => {
  it('should be opened and locked only when it is subscribed to', () => {
    const at = directory();
    openCache(at, { kind: 'cache' });
    expect(existsSync(at)).toBe(false);
  });

  it('should say which process has its directory open', async () => {
    const at = directory();
    const { close } = await open(at);
    await expect(open(at)).rejects.toMatchObject({
      code: 'CACHE_LOCKED',
      message: `CACHE_LOCKED: ${at} is open in process ${process.pid}: stop it, or use another directory (--dir)`,
    });
    await close();
    await (await open(at)).close();
  });

  it('should not be opened as an embedded log, nor that as a cache', async () => {
    const [cache, embedded] = [directory(), directory()];
    await (await open(cache)).close();
    await (await open(embedded, { kind: 'embedded' })).close();
    await expect(open(cache, { kind: 'embedded' })).rejects.toMatchObject({ code: 'CACHE_KIND' });
    await expect(open(embedded)).rejects.toMatchObject({ code: 'CACHE_KIND' });
  });

  it('should leave a folder alone that does not say what it is', async () => {
    const at = directory();
    mkdirSync(join(at, 'store'), { recursive: true });
    await expect(open(at)).rejects.toMatchObject({ code: 'CACHE_KIND' });
  });

  it('should say why its directory cannot be used', async () => {
    const at = directory();
    writeFileSync(at, 'a file');
    await expect(open(at)).rejects.toMatchObject({ code: 'CACHE_OPEN', message: expect.stringContaining(at) });
  });

  it('should set a store aside that does not open, and begin anew', async () => {
    const at = directory();
    for (let again = 0; again < 2; again += 1) {
      const { log, close } = await open(at);
      await begin(log, 0n, 1n);
      await done(log.append([batch(0n, [['a', '1']])]));
      await close();
      for (const name of readdirSync(join(at, 'store')).filter((name) => name.startsWith('MANIFEST')))
        rmSync(join(at, 'store', name));
      const { log: anew, events, close: closeAnew } = await open(at);
      const path = join(at, 'store.set-aside');
      expect(events).toEqual([{ event: 'set-aside', path, why: expect.stringContaining('MANIFEST') }]);
      expect(readdirSync(path)).toContain('CURRENT');
      expect(anew.next).toBeUndefined();
      await closeAnew();
    }
  });

  it('should never set an embedded log aside', async () => {
    const at = directory();
    await (await open(at, { kind: 'embedded' })).close();
    writeFileSync(join(at, 'store', 'CURRENT'), 'nonsense');
    const files = readdirSync(join(at, 'store')).sort();
    await expect(open(at, { kind: 'embedded' })).rejects.toMatchObject({
      code: 'CACHE_DAMAGED',
      message: expect.stringContaining(`sluice cache repair ${at}`),
    });
    expect(
      readdirSync(join(at, 'store'))
        .filter((name) => files.includes(name))
        .sort(),
    ).toEqual(files);
  });

  it.each(['../../escape', 'a/b', '/etc/passwd', 'Orders', 'ORDERS', '.', ''])(
    'should keep topic %j apart',
    async (name) => {
      const at = directory();
      const { cache, log, close } = await open(at);
      await begin(log, 0n, 1n);
      await done(log.append([batch(0n, [['a', '1']])]));
      const [topic, closed] = await held(cache.topic(name));
      await begin(topic.partition(0), 0n, 1n);
      await done(topic.partition(0).append([batch(0n, [['b', '2']])]));
      expect(await readAll(topic.partition(0))).toEqual(['0:b=2']);
      expect(await readAll(log)).toEqual(['0:a=1']);
      closed.unsubscribe();
      await close();
      expect(readdirSync(at).sort()).toEqual(['CACHE', 'pid', 'store']);
    },
  );

  it('should remember a topic', async () => {
    const at = directory();
    const { topic, close } = await open(at);
    const remembered = {
      topicId: 'abc',
      partitions: [0, 1],
      configs: { 'cleanup.policy': 'compact', 'delete.retention.ms': '5' },
    };
    await done(topic.remember(remembered));
    await done(topic.partition(0).begin(0n));
    await close();
    const [cache, left] = await held(openCache(at, { kind: 'cache' }));
    expect(cache.names).toEqual(['orders']);
    const [again] = await held(cache.topic('orders'));
    expect(again.remembered).toEqual(remembered);
    expect([again.isCompacted, again.patience]).toEqual([true, 5]);
    expect(again.partition(0).topicId).toBe('abc');
    left.unsubscribe();
    await done(cache.closed);
  });

  it('should remove a topic, and not give its rows to the next', async () => {
    const at = directory();
    const { cache, log, close } = await open(at);
    await begin(log, 0n, 1n);
    await done(log.append([batch(0n, [['a', '1']])]));
    await close();
    const [again, left] = await held(openCache(at, { kind: 'cache' }));
    await done(again.remove('orders'));
    expect(again.names).toEqual([]);
    const [topic] = await held(again.topic('orders'));
    expect(topic.partition(0).next).toBeUndefined();
    left.unsubscribe();
    await done(again.closed);
    expect(cache.names).toEqual(['orders']);
  });

  it('should serve what it has when the disk is full, and go on once there is room', async () => {
    let isFull = false;
    const refuse = (store: Store): Store => ({
      ...store,
      write: (writes) =>
        isFull ? throwError(() => new Error('IO error: No space left on device')) : store.write(writes),
    });
    const full = (path: string): Observable<Store> => openLevel(path, { isSynced: false }).pipe(map(refuse));
    const at = directory();
    const probes: (() => void)[] = [];
    // Probes come when the test says so.
    const scheduler = {
      now: () => eventLoop.now(),
      schedule: (work: () => void, delay = 0) => {
        if (delay !== PROBE) return eventLoop.schedule(work, delay);
        probes.push(work);
        return { unsubscribe() {} };
      },
    } as unknown as typeof eventLoop;
    const { log, events, close } = await open(at, { open: full, hasRoom: () => of(!isFull), scheduler, memory: 1 });
    await begin(log, 0n, 3n);
    await done(log.append([batch(0n, [['a', '1']])]));
    await done(log.append([batch(1n, [['b', '2']])]));
    isFull = true;
    await expect(done(log.append([batch(2n, [['c', '3']])]))).rejects.toMatchObject({ code: 'CACHE_WRITE' });
    expect([log.next, log.peek(0n, 'read_committed'), await readAll(log)]).toEqual([2n, undefined, ['0:a=1', '1:b=2']]);
    isFull = false;
    // Whatever a failed write left of itself in a file, nothing is written behind it.
    await expect(done(log.append([batch(2n, [['c', '3']])]))).rejects.toMatchObject({ code: 'CACHE_WRITE' });
    expect(events).toEqual([{ event: 'degraded', fault: expect.objectContaining({ code: 'CACHE_WRITE' }) }]);
    // The last that was asked for: the others are those of what cleans.
    probes.pop()!();
    await done(log.load(0n, 'read_committed'));
    await done(log.append([batch(2n, [['c', '3']])]));
    expect(events.at(-1)).toEqual({ event: 'recovered' });
    await close();
    const again = await open(at);
    expect(await readAll(again.log)).toEqual(['0:a=1', '1:b=2', '2:c=3']);
    await again.close();
  });

  it('should hold no more in memory than it may, however many read', async () => {
    const at = directory();
    const { log, close } = await open(at, { memory: 200_000 });
    await begin(log, 0n, 400n);
    const value = 'x'.repeat(20_000);
    for (let n = 0n; n < 400n; n += 10n)
      await done(log.append(Array.from({ length: 10 }, (_, m) => batch(n + BigInt(m), [['k', value]]))));
    expect(log.peek(399n, 'read_committed')).toBeDefined();
    expect(log.peek(0n, 'read_committed')).toBeUndefined();
    const [one, other] = await Promise.all([
      done(log.load(0n, 'read_committed')),
      done(log.load(1n, 'read_committed')),
    ]);
    expect(one).toBe(other);
    expect(log.peek(1n, 'read_committed')).toBe(one);
    expect(await readAll(log)).toHaveLength(400);
    await close();
  });
});
