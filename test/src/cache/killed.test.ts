import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { sourceArguments } from '../../cli/process.ts';
import { done, open, readAll, temporary } from './open.ts';
import { killedTruth, random } from './truth.ts';

const root = temporary();

/** Runs a writer, and kills it some time after it has written something; answers how far it said that it was. */
const killed = (directory: string, delay: number): Promise<bigint> =>
  new Promise((resolve, fail) => {
    const child = spawn(process.execPath, sourceArguments('test/src/cache/writer.ts', [directory]));
    let told = '';
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), delay));
    child.stdout.on('data', (chunk) => {
      told += chunk;
    });
    child.on('close', (_, signal) => {
      const last = told.split('\n').at(-2);
      if (signal !== 'SIGKILL' || last === undefined) fail(new Error(`ended by ${signal}: ${errors}`));
      else resolve(BigInt(last));
    });
  });

it('should hold a prefix whenever it is killed, at least all that was done, and go on from there', async () => {
  const truth = killedTruth();
  const directory = join(root, 'cache');
  const next = random(5);
  for (let time = 0; time < 10; time += 1) {
    const end = await killed(directory, next() * 60);
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
