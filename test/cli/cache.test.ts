import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatMap, lastValueFrom } from 'rxjs';
import { stateKey } from '../../src/cache/keys.ts';
import { openLevel } from '../../src/cache/level.ts';
import { batch } from '../src/cache/batches.ts';
import { done, open, temporary } from '../src/cache/open.ts';
import { Process } from './process.ts';

const root = temporary();
const log = join(root, 'graph', 'log');

/** Runs `sluice cache` as a process; answers what it says. */
async function cache(...args: string[]) {
  const process = new Process(['cache', ...args], {}, ['ignore', 'pipe']);
  let out = '';
  process.child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  const closed = new Promise((resolve) => process.child.on('close', resolve));
  const [code] = await process.ended;
  await closed;
  return { code, out, err: process.err };
}

/** An embedded log with 20 records of 10 keys, and an empty topic. */
beforeEach(async () => {
  rmSync(log, { recursive: true, force: true });
  const { log: partition, close } = await open(log, { kind: 'embedded', isCompacted: true });
  await done(partition.begin(0n));
  for (let offset = 0; offset < 20; offset += 1)
    await done(partition.append([batch(BigInt(offset), [[`${offset % 10}`, 'v']])]));
  await done(partition.ready());
  await close();
});

describe('sluice cache, as a process', () => {
  it('lists topics', async () => {
    expect(await cache('ls', log)).toEqual({
      code: 0,
      out: 'TOPIC   PARTITIONS  RECORDS  BYTES  KEYS\norders           1       20   1400    10\n',
      err: '',
    });
    const { out } = await cache('ls', log, '--json');
    const topics = [{ topic: 'orders', partitions: 1, records: 20, bytes: 1_400, keys: 10 }];
    expect(JSON.parse(out)).toEqual({ path: log, kind: 'embedded', topics });
  });

  it('tells in a line that a file is no directory', async () => {
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    const { code, err } = await cache('ls', file);
    expect(code).toBe(1);
    expect(err).toMatch(/^CACHE_OPEN: .*a-file.*\n$/);
  });

  it('shows where partitions stand', async () => {
    const { out, code } = await cache('inspect', log, '--topic', 'orders');
    const [head, row] = out.split('\n').map((line) => line.split(/ {2,}/));
    expect([head, row]).toEqual([
      ['TOPIC', 'PARTITION', 'START', 'STABLE', 'END', 'RECORDS', 'BYTES', 'KEYS', 'DIRTY', 'LEVEL AT'],
      ['orders', '0', '0', '20', '20', '20', '1400', '10', '100%'],
    ]);
    expect(code).toBe(0);
    const json = JSON.parse((await cache('inspect', log, '--json')).out);
    expect(json.topics[0]).toMatchObject({ configs: { 'cleanup.policy': 'compact' }, partitions: [{ end: 20 }] });
    const other = await cache('inspect', log, '--topic', 'items');
    expect(other).toEqual({ code: 1, out: '', err: `CACHE_OPEN: ${log} has no topic items; there is orders\n` });
  });

  it('finds what is not as it was written, and repairs it', async () => {
    const whole = '1 topics, 1 partitions, 20 batches, 1400 bytes: all as it was written\n';
    expect(await cache('verify', log)).toEqual({ code: 0, out: whole, err: '' });
    const nothing = await cache('repair', log);
    expect(nothing).toEqual({ code: 0, out: 'nothing was to be repaired\n', err: '' });
    const key = stateKey(1, 0);
    await lastValueFrom(
      openLevel(join(log, 'store'), { isSynced: true }).pipe(
        concatMap((store) => store.write([{ key, value: Buffer.from('x') }]).pipe(concatMap(() => store.close()))),
      ),
      { defaultValue: undefined },
    );
    const { code, out } = await cache('verify', log, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out).findings).toEqual([{ place: 'orders/0', what: 'its state is not what was written' }]);
    const graph = join(root, 'graph.json');
    const topics = [{ name: 'orders' }];
    const bindings = {
      log: { type: 'kafka', kind: 'embedded', options: { topics } },
      in: { type: 'tcp', kind: 'server', options: { host: '127.0.0.1', port: 0 }, exit: 'out' },
      out: { type: 'echo', kind: 'server' },
    };
    writeFileSync(graph, JSON.stringify({ name: 'graph', bindings }));
    const running = new Process(['run', graph, '--dir', join(root, 'graph')]);
    expect((await running.ended)[0]).toBe(1);
    expect(running.err).toContain(`sluice cache repair ${log}`);
    const listed = await cache('ls', log);
    expect(listed.err).toContain(`CACHE_DAMAGED: ${log}: the state of orders/0 is not what was written`);
    expect(listed.err).toContain(`sluice cache repair ${log}`);
    expect(await cache('repair', log)).toEqual({
      code: 0,
      out: 'orders/0: its state was made again of its rows, offsets 0 to 20\n',
      err: '',
    });
    expect(await cache('verify', log)).toEqual({ code: 0, out: whole, err: '' });
  });

  it('clears, an embedded log only if that is said', async () => {
    const refused = await cache('clear', log);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(`CACHE_KIND: ${log} is an embedded log`);
    expect(readdirSync(log)).toContain('store');
    expect(await cache('clear', log, '--embedded')).toEqual({ code: 0, out: `${log} is empty\n`, err: '' });
    expect(await cache('ls', log)).toEqual({ code: 1, out: '', err: `CACHE_OPEN: ${log} has no cache\n` });
  });

  it('says what is wrong with the place', async () => {
    const above = await cache('ls', root);
    expect(above).toEqual({ code: 1, out: '', err: `CACHE_OPEN: ${root} has no cache; there is ${log}\n` });
    const { close } = await open(log, { kind: 'embedded', isCompacted: true });
    const locked = await cache('verify', log, '--json');
    expect(locked.err).toContain(`CACHE_LOCKED: ${log} is open in process ${process.pid}`);
    await close();
    writeFileSync(join(log, 'EMBEDDED'), 'its name is what counts');
    expect((await cache('ls', log)).code).toBe(0);
    expect((await cache('ls')).code).toBe(2);
  });
});
