import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatMap, lastValueFrom, type Observable } from 'rxjs';
import { metaKey, rowKey, stateKey, topicKey } from '../../../../src/cache/keys.ts';
import { openLevel } from '../../../../src/cache/level.ts';
import { clear } from '../../../../src/cache/offline/clear.ts';
import { repair } from '../../../../src/cache/offline/repair.ts';
import { survey } from '../../../../src/cache/offline/survey.ts';
import { verify } from '../../../../src/cache/offline/verify.ts';
import type { Write } from '../../../../src/cache/store.ts';
import { batch } from '../batches.ts';
import { done, open, readAll, stand, temporary } from '../open.ts';

const root = temporary();
let directories = 0;
const NUMBER = 1;

/** A directory with three batches of one record in a topic `orders`; answers where it is. */
async function filled(kind: 'cache' | 'embedded', isCompacted = false): Promise<string> {
  const directory = join(root, `${directories++}`);
  const { log, close } = await open(directory, { kind, isCompacted });
  await done(log.begin(0n));
  for (const [offset, key] of ['a', 'b', 'a'].entries())
    await done(log.append([batch(BigInt(offset), [[key, `${offset}`]])]));
  if (kind === 'cache') await stand(log, 3n, 0n, 5_000);
  await done(log.ready());
  await close();
  return directory;
}

/** Writes something else into a store. */
const spoil = (directory: string, writes: readonly Write[]): Promise<unknown> =>
  lastValueFrom(
    openLevel(join(directory, 'store'), { isSynced: true }).pipe(
      concatMap((store) => store.write(writes).pipe(concatMap(() => store.close()))),
    ),
    { defaultValue: undefined },
  );

const garbage = Buffer.from('garbage');

describe('a cache that no process has open', () => {
  it('should show where its partitions stand', async () => {
    const { kind, topics } = await lastValueFrom(survey(await filled('embedded', true)));
    expect(kind).toBe('embedded');
    expect(topics).toMatchObject([{ topic: 'orders', topicId: 'id', configs: { 'cleanup.policy': 'compact' } }]);
    const [partition] = topics[0]!.partitions;
    const at = { partition: 0, logStart: 0n, lastStableOffset: 3n, end: 3n };
    expect(partition).toEqual({ ...at, records: 3, bytes: expect.any(Number), keys: 2, dirtyRatio: 1 });
    const plain = await lastValueFrom(survey(await filled('cache')));
    expect(plain.topics[0]?.partitions[0]).toEqual({ ...at, records: 3, bytes: partition?.bytes, levelAt: 5_000 });
  });

  it('should have nothing changed by looking at it', async () => {
    const directory = await filled('embedded', true);
    await lastValueFrom(survey(directory));
    await lastValueFrom(verify(directory));
    const { log, close } = await open(directory, { kind: 'embedded', isCompacted: true });
    expect(await readAll(log)).toEqual(['0:a=0', '1:b=1', '2:a=2']);
    await close();
  });

  it('should be found to be as it was written', async () => {
    for (const kind of ['cache', 'embedded'] as const) {
      const verified = await lastValueFrom(verify(await filled(kind, true)));
      expect(verified).toMatchObject({ topics: 1, partitions: 1, batches: 3, findings: [] });
    }
  });

  it('should be found not to be', async () => {
    const directory = await filled('cache');
    await spoil(directory, [{ key: topicKey(NUMBER), value: garbage }]);
    expect((await lastValueFrom(verify(directory))).findings).toEqual([
      { place: 'orders', what: 'what is remembered of it is not what was written' },
    ]);
    await spoil(directory, [{ key: stateKey(NUMBER, 0), value: garbage }]);
    const { findings } = await lastValueFrom(verify(directory));
    expect(findings.map(({ what }) => what)).toEqual(['its name is not what was written']);
  });

  it('should say where there is none, what there is instead, and that one is in use', async () => {
    const directory = await filled('cache');
    await expect(lastValueFrom(survey(join(root, 'nowhere')))).rejects.toThrow('CACHE_OPEN');
    await expect(lastValueFrom(survey(root))).rejects.toThrow(`there is ${join(root, '0')}`);
    const { close } = await open(directory);
    const works: Observable<unknown>[] = [
      survey(directory),
      verify(directory),
      clear(directory, { isEmbedded: false }),
    ];
    for (const work of works)
      await expect(lastValueFrom(work)).rejects.toThrow(`CACHE_LOCKED: ${directory} is open in process ${process.pid}`);
    await close();
    const [manifest] = readdirSync(join(directory, 'store')).filter((name) => name.startsWith('MANIFEST'));
    writeFileSync(join(directory, 'store', manifest!), 'x');
    await expect(lastValueFrom(survey(directory))).rejects.toThrow('a graph that uses it will begin it anew');
  });

  it('should be cleared, an embedded log only when that is meant', async () => {
    const [cache, embedded] = [await filled('cache'), await filled('embedded')];
    mkdirSync(join(cache, 'staged'));
    await lastValueFrom(clear(cache, { isEmbedded: false }));
    expect(readdirSync(cache)).toEqual([]);
    await expect(lastValueFrom(clear(embedded, { isEmbedded: false }))).rejects.toThrow('say --embedded');
    expect((await lastValueFrom(survey(embedded))).topics).toHaveLength(1);
    await lastValueFrom(clear(embedded, { isEmbedded: true }));
    expect(readdirSync(embedded)).toEqual([]);
  });
});

describe('repairing an embedded log', () => {
  const repaired = async (directory: string) => {
    await expect(open(directory, { kind: 'embedded' }).then(({ close }) => close())).rejects.toMatchObject({
      code: 'CACHE_DAMAGED',
      message: expect.stringContaining(`sluice cache repair ${directory}`),
    });
    const result = await lastValueFrom(repair(directory));
    const { log, close } = await open(directory, { kind: 'embedded' });
    const records = await readAll(log);
    const { next } = log;
    await close();
    return { ...result, records, next };
  };
  const all = ['0:a=0', '1:b=1', '2:a=2'];

  it('should make the state of a partition again of its rows', async () => {
    const directory = await filled('embedded');
    await spoil(directory, [{ key: stateKey(NUMBER, 0), value: garbage }]);
    const done = ['orders/0: its state was made again of its rows, offsets 0 to 3'];
    expect(await repaired(directory)).toEqual({ done, lost: [], records: all, next: 3n });
    expect((await lastValueFrom(repair(directory))).done).toEqual([]);
  });

  it('should forget the index of records that are not there any more', async () => {
    const directory = join(root, `${directories++}`);
    const first = await open(directory, { kind: 'embedded', isCompacted: true });
    await done(first.log.begin(0n));
    for (let offset = 0n; offset < 3n; offset += 1n)
      await done(first.log.append([batch(offset, [['a', `${offset}`.padEnd(70_000)]])]));
    await first.close();
    const place = { topic: NUMBER, partition: 0, generation: 0 };
    await spoil(directory, [
      { key: stateKey(NUMBER, 0), value: garbage },
      { key: metaKey(place, 2n) },
      { key: rowKey(place, 2n) },
    ]);
    await lastValueFrom(repair(directory));
    const { log, close } = await open(directory, { kind: 'embedded', isCompacted: true });
    await done(log.append([batch(2n, [['b', '2']])]));
    const killed = join(root, `${directories++}`);
    cpSync(directory, killed, { recursive: true });
    await close();
    const last = await open(killed, { kind: 'embedded', isCompacted: true });
    expect(['a', 'b'].map((key) => last.log.index?.newest(Buffer.from(key)))).toEqual([1n, 2n]);
    await last.close();
  });

  it('should give topics whose name is lost another, and keep them for ever', async () => {
    const directory = await filled('embedded');
    await spoil(directory, [
      { key: stateKey(NUMBER, 0), value: garbage },
      { key: topicKey(NUMBER), value: garbage },
    ]);
    await expect(open(directory, { kind: 'embedded' })).rejects.toMatchObject({ code: 'CACHE_DAMAGED' });
    const { done, lost } = await lastValueFrom(repair(directory));
    expect(done).toHaveLength(2);
    expect(lost).toEqual([]);
    const { topics } = await lastValueFrom(survey(directory));
    expect(topics).toMatchObject([
      {
        topic: 'recovered-1',
        configs: { 'retention.ms': '-1', 'cleanup.policy': 'delete' },
        partitions: [{ end: 3n }],
      },
    ]);
  });

  it('should open a store that does not', async () => {
    const directory = await filled('embedded');
    rmSync(join(directory, 'store', 'CURRENT'));
    // LevelDB would begin anew without it, if nothing else told that there was something.
    const [manifest] = readdirSync(join(directory, 'store')).filter((name) => name.startsWith('MANIFEST'));
    writeFileSync(join(directory, 'store', 'CURRENT'), `${manifest}x\n`);
    const { records, done, next } = await repaired(directory);
    expect([records, next]).toEqual([all, 3n]);
    expect(done[0]).toBe('the store did not open, and was made again of what can be read of it');
  });

  it('should not be for a cache', async () => {
    await expect(lastValueFrom(repair(await filled('cache')))).rejects.toThrow('is fetched again by itself');
  });
});
