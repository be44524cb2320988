import { join } from 'node:path';
import { killed } from '../../cli/process.ts';
import { done, open, readAll, temporary } from './open.ts';
import { killedTruth, random } from './truth.ts';

const root = temporary();

it('should hold a prefix whenever it is killed, at least all that was done, and go on from there', async () => {
  const truth = killedTruth();
  const directory = join(root, 'cache');
  const next = random(5);
  for (let time = 0; time < 10; time += 1) {
    const told = await killed('test/src/cache/writer.ts', [directory], next() * 60);
    const end = BigInt(told.at(-1)!);
    const { log, events, close } = await open(directory, { isCompacted: true });
    expect(log.next! >= end).toBe(true);
    const { lastStableOffset } = log.offsets;
    const isBelow = (offset: bigint) => (record: string) => BigInt(record.replace('!', '').split(':')[0]!) < offset;
    expect(await readAll(log)).toEqual(truth.committed.filter(isBelow(lastStableOffset)));
    // Whether what is undecided will be aborted is not known yet.
    const plain = (list: readonly string[]): string[] => list.map((record) => record.replace('!', ''));
    expect(plain(await readAll(log, 'read_uncommitted'))).toEqual(plain(truth.uncommitted.filter(isBelow(log.next!))));
    expect(events).toEqual([]);
    await close();
  }
  const { log, close } = await open(directory, { isCompacted: true });
  expect(log.next! < truth.end).toBe(true);
  await truth.feed(log);
  await done(log.ready());
  expect(await readAll(log)).toEqual(truth.committed);
  expect(await readAll(log, 'read_uncommitted')).toEqual(truth.uncommitted);
  for (const [key, offset] of truth.newest) expect([key, log.index!.newest(Buffer.from(key))]).toEqual([key, offset]);
  await close();
}, 120_000);
