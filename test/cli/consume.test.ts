import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { sluice } from '../../src/cli/program.ts';
import { lawful } from '../../src/lawful.ts';
import type { KafkaRecord } from '../../src/protocol/kafka.ts';
import { until } from '../src/kafka/clock.ts';
import { fakeIo } from './fake-io.ts';
import { dataOf, FakeKafka, recordOf, type Sent } from './fake-kafka.ts';

const file = join(__dirname, '../../graphs/client.yaml');
const env = { KAFKA_BOOTSTRAP_SERVER: 'localhost:9092' };

/** A running `sluice consume` of a fake topic `t`. */
function consuming(sends: Iterable<Sent>, args: readonly string[] = [], stdout: Writable = new PassThrough()) {
  const kafka = new FakeKafka({ sends });
  const fake = fakeIo();
  let out = '';
  stdout.on('data', (chunk) => {
    out += chunk;
  });
  const from = args.includes('--from') ? [] : ['--from', 'earliest'];
  const line = ['consume', file, '--binding', 'app', '--topic', 't', ...from, ...args];
  const app = (frames: Parameters<typeof kafka.binding>[0]) => kafka.binding(frames).pipe(lawful('app'));
  const code = sluice(line, { ...fake.io, env, stdout }, { app });
  return { ...fake, kafka, code, out: () => out };
}

const three = [recordOf(0, 'a'), recordOf(1, 'b'), recordOf(2, 'c')];
const bounded = ['--until', 'latest'];

describe('sluice consume', () => {
  it('prints key, tab and value, with null where there is none', async () => {
    const records = [
      recordOf(0, 'one', { key: Buffer.from('k') }),
      recordOf(1, null, { key: Buffer.from('k') }),
      recordOf(2, Buffer.from([0xff, 0x00])),
    ];
    const stdout = new PassThrough();
    const chunks: Buffer[] = [];
    stdout.on('data', (chunk) => chunks.push(chunk));
    const { code, said } = consuming([dataOf(...records)], bounded, stdout);
    expect(await code).toBe(0);
    expect(Buffer.concat(chunks).toString('latin1')).toBe('k\tone\nk\tnull\nnull\t\u00ff\u0000\n');
    expect(said.err).toBe('');
  });

  it('prints JSON, bytes that are not UTF-8 as base64 and integers that are not exact as strings', async () => {
    const records = [
      recordOf(3, 'é', {
        partition: 2,
        key: Buffer.from('k'),
        headers: [
          { name: 'h', value: Buffer.from('1') },
          { name: 'h', value: null },
        ],
      }),
      recordOf(4, Buffer.from([0xc3, 0x28]), { offset: 2n ** 60n, aborted: true }),
    ];
    const { code, out } = consuming([dataOf(...records)], [...bounded, '--json']);
    expect(await code).toBe(0);
    expect(
      out()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        topic: 't',
        partition: 2,
        offset: 3,
        timestamp: 1_700_000_000_003,
        key: 'k',
        value: 'é',
        headers: [
          { name: 'h', value: '1' },
          { name: 'h', value: null },
        ],
      },
      {
        topic: 't',
        partition: 0,
        offset: '1152921504606846976',
        timestamp: 1_700_000_000_004,
        key: null,
        value: { base64: 'wyg=' },
        headers: [],
        aborted: true,
      },
    ]);
  });

  it.each([
    [['--from', 'latest'], { from: { default: 'latest' } }],
    [['--from', '17'], { from: { default: { offset: 17n } } }],
    [['--from', '@1700000000000'], { from: { default: { timestamp: 1_700_000_000_000n } } }],
    [['--from', '@2026-11-23T08:00:00Z'], { from: { default: { timestamp: 1_795_420_800_000n } } }],
    [['--from', '@2026-11-23'], { from: { default: { timestamp: BigInt(new Date(2026, 10, 23).getTime()) } } }],
    [['--isolation', 'read_uncommitted'], { isolation: 'read_uncommitted' }],
    [['--partition', '3', '--from', '5'], { api: 'fetch', partition: 3, from: { offset: 5n } }],
    [
      ['--key', 'k', '--header', 'a=1', '--header', 'b=2=3'],
      {
        filters: [
          [
            { key: Buffer.from('k') },
            { header: { name: 'a', value: Buffer.from('1') } },
            { header: { name: 'b', value: Buffer.from('2=3') } },
          ],
        ],
      },
    ],
  ])('opens what %j asks for', async (args, expected) => {
    const { code, kafka } = consuming([], [...bounded, ...args]);
    expect(await code).toBe(0);
    expect(kafka.opened).toMatchObject([{ topic: 't', until: 'latest', ...expected }]);
  });

  it('opens a merged stream of every record, committed, by default', async () => {
    const { code, kafka, signal } = consuming([]);
    await until(() => kafka.opened.length === 1);
    signal('SIGTERM');
    expect(await code).toBe(0);
    expect(kafka.opened).toEqual([{ api: 'merged', capabilities: 'fetch', topic: 't', from: { default: 'earliest' } }]);
  });

  it.each([
    ['--from', 'soon'],
    ['--from', '@yesterday'],
    ['--from', '-1'],
    ['--until', 'now'],
    ['--partition', '-1'],
    ['--header', 'name'],
    ['--limit', '0'],
    ['--isolation', 'none'],
  ])('names %s %s as what is wrong, and answers 2', async (option, value) => {
    const { code, said, kafka } = consuming(
      [],
      [`${option}=${value}`, ...(option === '--from' ? ['--from=soon'] : [])],
    );
    expect(await code).toBe(2);
    expect(said.err).toContain(option);
    expect(kafka.opened).toEqual([]);
  });

  it('stops after so many records', async () => {
    const { code, out, kafka } = consuming([dataOf(...three)], ['--limit', '2']);
    expect(await code).toBe(0);
    expect(out()).toBe('null\ta\nnull\tb\n');
    expect(kafka.left).toBe(true);
  });

  it('tells of a gap on standard error, and goes on', async () => {
    const gap = { mark: 'gap', partition: 0, from: 1n, to: 9n, reason: 'retention' } as const;
    const { code, out, said } = consuming([dataOf(recordOf(0, 'a')), gap, dataOf(recordOf(9, 'b'))], bounded);
    expect(await code).toBe(0);
    expect(said.err).toBe('gap: t/0 has no offsets 1 to 8: retention\n');
    expect(out()).toBe('null\ta\nnull\tb\n');
  });

  it('answers 1 to an ABORT, with its code and what it says', async () => {
    const fault = { code: 'KAFKA_ERROR', message: 'TOPIC_AUTHORIZATION_FAILED (29): broker 1, Fetch of t/0' };
    const { code, out, said } = consuming([dataOf(recordOf(0, 'a')), { abort: fault }], bounded);
    expect(await code).toBe(1);
    expect(said.err).toBe('KAFKA_ERROR: TOPIC_AUTHORIZATION_FAILED (29): broker 1, Fetch of t/0\n');
    expect(out()).toBe('null\ta\n');
  });

  it('prints what it has after a signal, asks for no more, and answers 0', async () => {
    const { code, out, kafka, signal } = consuming([dataOf(...three)]);
    await until(() => kafka.sent > 0);
    signal('SIGINT');
    expect(await code).toBe(0);
    expect(out()).toBe('null\ta\nnull\tb\nnull\tc\n');
    expect(kafka.left).toBe(true);
  });

  it('fetches no further ahead than its window while standard output takes nothing', async () => {
    function* endless(): Generator<Sent> {
      for (let offset = 0; ; offset += 1) yield dataOf(recordOf(offset, 'x'.repeat(1_000)));
    }
    let take = (): void => {};
    const stuck = new Writable({
      highWaterMark: 16_384,
      write: (_chunk, _encoding, done) => {
        take = () => {
          take = () => {};
          done();
        };
      },
    });
    const { code, kafka, signal } = consuming(endless(), [], stuck);
    await until(() => kafka.sent > 1_000_000);
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(kafka.sent).toBeLessThan(1024 * 1024 + 64 * 1024);
    expect(stuck.writableLength).toBeLessThan(128 * 1024);
    const before = kafka.sent;
    for (let turn = 0; turn < 2_000; turn += 1) {
      take();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(kafka.sent).toBeGreaterThan(before + 1_000_000);
    signal('SIGINT');
    const drain = setInterval(() => take(), 0);
    expect(await code).toBe(0);
    clearInterval(drain);
  });

  it('ends cleanly when nobody reads its output any more', async () => {
    const closed = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const { code, said, kafka } = consuming([dataOf(...three)], [], closed);
    expect(await code).toBe(0);
    expect([said.err, kafka.left]).toEqual(['', true]);
  });

  it('answers 1 when its output cannot be written', async () => {
    const full = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('no space left'), { code: 'ENOSPC' })),
    });
    const { code, said } = consuming([dataOf(...three)], [], full);
    expect(await code).toBe(1);
    expect(said.err).toContain('CLI_OUTPUT: standard output: no space left');
  });

  it('draws its progress on a terminal only, and leaves nothing behind', async () => {
    const quiet = consuming([dataOf(...three)], bounded);
    let drawn = '';
    quiet.stderr.on('data', (chunk) => {
      drawn += chunk;
    });
    expect(await quiet.code).toBe(0);
    expect(drawn).toBe('');

    const { io, stderr } = fakeIo(true);
    stderr.on('data', (chunk) => {
      drawn += chunk;
    });
    const kafka = new FakeKafka({ sends: [dataOf(...three)] });
    const line = ['consume', file, '--binding', 'app', '--topic', 't', '--from', 'earliest', '--until', 'latest'];
    const terminal = Object.assign(stderr, { isTTY: true, columns: 80 });
    expect(await sluice(line, { ...io, env, stderr: terminal }, { app: kafka.binding })).toBe(0);
    expect(drawn).toMatch(/records\/s/);
  });

  it('refuses a binding that takes no kafka streams, or is not there', async () => {
    const { io, said } = fakeIo();
    const line = (binding: string) => ['consume', file, '--binding', binding, '--topic', 't', '--from', 'latest'];
    expect(await sluice(line('south_tcp_client'), { ...io, env })).toBe(3);
    expect(said.err).toContain('CONFIG_PROTOCOL: south_tcp_client takes no kafka streams; these do: app');
    expect(await sluice(line('ap'), { ...io, env })).toBe(3);
    expect(said.err).toMatch(/CONFIG_UNKNOWN_BINDING: .*did you mean `app`/);
  });

  it('shows a defect of a binding, and answers 1', async () => {
    const broken = (): never => {
      throw new TypeError('a bug');
    };
    const { io, said } = fakeIo();
    const sends = [dataOf(recordOf(0, 'a'))] as Sent[];
    const kafka = new FakeKafka({
      sends: [{ ...sends[0], payload: { length: 1, at: broken, cost: () => 1 } } as never],
    });
    const line = ['consume', file, '--binding', 'app', '--topic', 't', '--from', 'latest'];
    expect(await sluice(line, { ...io, env }, { app: kafka.binding })).toBe(1);
    expect(said.err).toContain('a bug');
  });

  it('prints 100,000 records in order, in stretches that let the event loop turn', async () => {
    function* many(): Generator<Sent> {
      for (let offset = 0; offset < 100_000; offset += 1_000) {
        const run: KafkaRecord[] = [];
        for (let next = offset; next < offset + 1_000; next += 1) run.push(recordOf(next, `value ${next}`));
        yield dataOf(...run);
      }
    }
    const { code, out } = consuming(many(), [...bounded, '--json']);
    expect(await code).toBe(0);
    const offsets = out()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).offset);
    expect(offsets.length).toBe(100_000);
    expect(offsets.every((offset, index) => offset === index)).toBe(true);
  });
});
