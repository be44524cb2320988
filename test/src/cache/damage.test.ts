import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { repair } from '../../../src/cache/offline/repair.ts';
import { verify } from '../../../src/cache/offline/verify.ts';
import { SluiceError } from '../../../src/errors.ts';
import type { LogIsolation } from '../../../src/log/log.ts';
import { done, open, readAll, temporary } from './open.ts';
import { random, Truth } from './truth.ts';

const TRIALS = 40;
const root = temporary();

/** Turns one bit over, anywhere in the files of a directory, the larger ones the more often. */
function flip(directory: string, next: () => number): string {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile() && statSync(path).size > 0);
  // Half of the trials go to the small files, which say what the large ones are.
  const sizes = files.map((path) => (next() < 0.5 ? 1 : statSync(path).size));
  let at = next() * sizes.reduce((sum, size) => sum + size, 0);
  const index = sizes.findIndex((size) => {
    at -= size;
    return at < 0;
  });
  const path = files[index]!;
  const bytes = readFileSync(path);
  const where = Math.floor(next() * bytes.length);
  bytes[where] = bytes[where]! ^ (1 << Math.floor(next() * 8));
  writeFileSync(path, bytes);
  return `${path.slice(directory.length)} byte ${where}`;
}

describe.each([
  ['tables', 2],
  ['a write-ahead log', 1],
])('one flipped bit in a store of %s', (_, openings) => {
  const next = random(20 + openings);
  const truth = new Truth(200, next);
  const whole = join(root, `whole-${openings}`);

  beforeAll(async () => {
    const { log, close } = await open(whole, { isCompacted: true });
    await truth.feed(log);
    await close();
    // LevelDB makes a table of its log when it opens it again.
    for (let again = 1; again < openings; again += 1) await (await open(whole, { isCompacted: true })).close();
  });

  it('should not be served, nor hide a record, in a cache', async () => {
    let noticed = 0;
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const directory = join(root, `cache-${openings}-${trial}`);
      cpSync(whole, directory, { recursive: true });
      const where = flip(directory, next);
      const { log, events, close } = await open(directory, { isCompacted: true });
      const read = async (isolation: LogIsolation): Promise<unknown> => {
        const records = await readAll(log, isolation, 0n);
        // It may have found only now that it has to begin anew.
        if (log.next === truth.end) return { where, records };
        await truth.feed(log);
        return read(isolation);
      };
      await truth.feed(log);
      expect(await read('read_committed')).toEqual({ where, records: truth.committed });
      expect(await read('read_uncommitted')).toEqual({ where, records: truth.uncommitted });
      await done(log.ready());
      for (const [key, offset] of truth.newest)
        expect([where, log.index!.newest(Buffer.from(key))]).toEqual([where, offset]);
      await close();
      if (events.some(({ event }) => event === 'corrupt' || event === 'set-aside')) noticed += 1;
    }
    expect(noticed).toBeGreaterThan(TRIALS / 4);
  }, 120_000);

  it('should be found, and told as a gap or repaired, in an embedded log', async () => {
    const source = join(root, `embedded-${openings}`);
    const { log, close } = await open(source, { kind: 'embedded' });
    await done(log.begin(0n));
    const plain = truth.batches.filter(({ isTransactional }) => !isTransactional);
    for (const one of plain) await done(log.append([one]));
    const records = await readAll(log);
    await close();
    for (let again = 1; again < openings; again += 1) await (await open(source, { kind: 'embedded' })).close();
    const outcomes = { whole: 0, gap: 0, repaired: 0 };
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const directory = join(root, `embedded-${openings}-${trial}`);
      cpSync(source, directory, { recursive: true });
      const where = flip(directory, next);
      const findings = await lastValueFrom(verify(directory)).then(
        ({ findings }) => findings,
        (thrown: SluiceError) => [thrown],
      );
      let opened = await open(directory, { kind: 'embedded' }).catch((thrown: SluiceError) => thrown);
      const isRefused = opened instanceof SluiceError;
      if (opened instanceof SluiceError) {
        expect(opened.code).toBe('CACHE_DAMAGED');
        expect(opened.message).toContain(`sluice cache repair ${directory}`);
        await lastValueFrom(repair(directory));
        opened = await open(directory, { kind: 'embedded' });
      }
      const { logStart } = opened.log.offsets;
      const end = opened.log.next!;
      const read = await readAll(opened.log);
      const gaps = read.filter((one) => one.startsWith('gap'));
      const lost = (record: string): boolean => {
        const offset = BigInt(record.split(':')[0]!);
        const isIn = (gap: string): boolean => {
          const [from, to] = gap.split(' ')[1]!.split('-').map(BigInt);
          return from! <= offset && offset < to!;
        };
        // What was written last is gone with the end of the write-ahead log, as after a crash of the machine.
        return offset >= end || offset < logStart || gaps.some(isIn);
      };
      const left = records.filter((record) => !lost(record));
      expect({ where, read: read.filter((one) => !gaps.includes(one)) }).toEqual({ where, read: left });
      expect(findings.length > 0 || gaps.length === 0).toBe(true);
      outcomes[isRefused ? 'repaired' : gaps.length > 0 ? 'gap' : 'whole'] += 1;
      await opened.close();
    }
    expect(outcomes.gap + outcomes.repaired).toBeGreaterThan(TRIALS / 4);
  }, 120_000);
});
