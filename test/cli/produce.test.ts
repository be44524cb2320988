import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sluice } from '../../src/cli/program.ts';
import { lawful } from '../../src/lawful.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';
import { until } from '../src/kafka/clock.ts';
import { fakeIo } from './fake-io.ts';
import { FakeKafka, type FakeOptions } from './fake-kafka.ts';

const file = join(__dirname, '../../graphs/client.yaml');
const env = { KAFKA_BOOTSTRAP_SERVER: 'localhost:9092' };
const folder = mkdtempSync(join(tmpdir(), 'sluice-produce-'));

/** A running `sluice produce` to a fake topic `t`; its initial lane is held to the laws. */
function producing(args: readonly string[] = [], options: FakeOptions = {}) {
  const kafka = new FakeKafka(options);
  const fake = fakeIo();
  const app: Binding<Kafka> = (initial) => kafka.binding(initial.pipe(lawful('initial'))).pipe(lawful('reply'));
  const line = ['produce', file, '--binding', 'app', '--topic', 't', ...args];
  return { ...fake, kafka, code: sluice(line, { ...fake.io, env }, { app }) };
}

describe('sluice produce', () => {
  it('sends a record for each line, and tells how many were acknowledged', async () => {
    const { code, stdin, kafka, said } = producing();
    stdin.end('one\ntwo\n\nlast without an end');
    expect(await code).toBe(0);
    expect(kafka.produced.map(({ value }) => value)).toEqual(['one', 'two', '', 'last without an end']);
    expect(kafka.produced.every(({ key, headers }) => key === null && headers.length === 0)).toBe(true);
    expect(said).toMatchObject({ out: '', err: '4 records acknowledged\n' });
    expect(kafka.opened).toEqual([{ api: 'merged', capabilities: 'produce', topic: 't', from: { default: 'latest' } }]);
  });

  it('sends nothing of an empty input', async () => {
    const { code, stdin, kafka, said } = producing();
    stdin.end();
    expect(await code).toBe(0);
    expect([kafka.produced, said.err]).toEqual([[], '0 records acknowledged\n']);
  });

  it('splits each line at the first key separator', async () => {
    const { code, stdin, kafka } = producing(['--key-separator', '::']);
    stdin.end('a::1\n::2\nc::3::4\n');
    expect(await code).toBe(0);
    expect(kafka.produced.map(({ key, value }) => [Buffer.from(key ?? 'none').toString(), value])).toEqual([
      ['a', '1'],
      ['', '2'],
      ['c', '3::4'],
    ]);
  });

  it('sends tombstones, and records without a key, of what is empty, if it is asked to', async () => {
    const { code, stdin, kafka } = producing(['--key-separator', ':', '--empty-as-null']);
    stdin.end('a:1\na:\n:2\n');
    expect(await code).toBe(0);
    expect(kafka.produced).toMatchObject([
      { key: Buffer.from('a'), value: '1' },
      { key: Buffer.from('a'), tombstone: true },
      { key: null, value: '2' },
    ]);
  });

  it('stops at a line without a key separator, tells its number, and counts what was sent', async () => {
    const { code, stdin, kafka, said } = producing(['--key-separator', ':']);
    stdin.end('a:1\nnothing\nb:2\n');
    expect(await code).toBe(1);
    expect(kafka.produced.length).toBe(1);
    expect(said.err).toBe('CLI_INPUT: line 2 has no key separator\n1 record acknowledged\n');
  });

  it('gives every record the headers and the partition, and asks for the acks', async () => {
    const { code, stdin, kafka } = producing([
      '--header',
      'a=1',
      '--header',
      'a=',
      '--partition',
      '2',
      '--acks',
      'leader',
    ]);
    stdin.end('x\n');
    expect(await code).toBe(0);
    expect(kafka.produced[0]).toMatchObject({
      partition: 2,
      headers: [
        { name: 'a', value: Buffer.from('1') },
        { name: 'a', value: Buffer.from('') },
      ],
    });
    expect(kafka.opened[0]).toMatchObject({ acks: 'leader' });
  });

  it('puts lines together that come in pieces', async () => {
    const { code, stdin, kafka } = producing();
    const text = 'é1\nzwei\ndrei\n';
    for (const byte of Buffer.from(text)) stdin.write(Buffer.from([byte]));
    stdin.end();
    expect(await code).toBe(0);
    expect(kafka.produced.map(({ value }) => Buffer.from(value, 'latin1').toString())).toEqual(['é1', 'zwei', 'drei']);
  });

  it('cuts a value that is larger than its credit', async () => {
    const { code, stdin, kafka } = producing(['--key-separator', ':'], { window: 10 });
    const value = 'x'.repeat(95);
    stdin.end(`a key longer than the window:${value}\nb:short\n`);
    expect(await code).toBe(0);
    expect(kafka.produced.map((record) => record.value)).toEqual([value, 'short']);
    expect(kafka.produced[0]?.fragments).toBeGreaterThan(9);
  });

  it('sends a file as one value, byte for byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 256));
    const path = join(folder, 'value.bin');
    writeFileSync(path, bytes);
    const { code, kafka, said } = producing(['--file', path]);
    expect(await code).toBe(0);
    expect(kafka.produced.length).toBe(1);
    expect(Buffer.from(kafka.produced[0]?.value ?? '', 'latin1').equals(bytes)).toBe(true);
    expect(said.err).toBe('1 record acknowledged\n');
  });

  it('tells a file that is refused, and answers 1', async () => {
    const path = join(folder, 'refused.bin');
    writeFileSync(path, 'value');
    const fault = { code: 'KAFKA_ERROR', message: 'MESSAGE_TOO_LARGE (10): t/0' };
    const { code, said } = producing(['--file', path], { refuses: () => ({ fault }) });
    expect(await code).toBe(1);
    expect(said.err).toBe('KAFKA_ERROR: MESSAGE_TOO_LARGE (10): t/0\n0 records acknowledged, 1 refused\n');
  });

  it('sends an empty file as an empty value', async () => {
    const path = join(folder, 'empty.bin');
    writeFileSync(path, '');
    const { code, kafka } = producing(['--file', path]);
    expect(await code).toBe(0);
    expect(kafka.produced.map(({ value }) => value)).toEqual(['']);
  });

  it('answers 1 to a file that cannot be read, and sends no record', async () => {
    const { code, kafka, said } = producing(['--file', join(folder, 'nowhere')]);
    expect(await code).toBe(1);
    expect(said.err).toMatch(/^CLI_INPUT: ENOENT.*\n0 records acknowledged\n$/);
    expect(kafka.produced).toEqual([]);
  });

  it('tells the line, the code and the reason of every record that is refused, and answers 1', async () => {
    const fault = { code: 'KAFKA_ERROR', message: 'MESSAGE_TOO_LARGE (10): broker 1, Produce to t/0' };
    const { code, stdin, said } = producing([], { refuses: (record) => (record === 1 ? { fault } : undefined) });
    stdin.end('a\nb\nc\n');
    expect(await code).toBe(1);
    expect(said.err).toBe(
      'line 2: KAFKA_ERROR: MESSAGE_TOO_LARGE (10): broker 1, Produce to t/0\n2 records acknowledged, 1 refused\n',
    );
  });

  it('tells an ABORT, and of how many records the fate is unknown', async () => {
    const fault = { code: 'KAFKA_ERROR', message: 'TOPIC_AUTHORIZATION_FAILED (29)' };
    const refuses = (record: number) => (record === 2 ? { fault, aborts: true } : undefined);
    const { code, stdin, said } = producing([], { refuses });
    stdin.write('a\nb\nc\n');
    expect(await code).toBe(1);
    expect(said.err).toBe('KAFKA_ERROR: TOPIC_AUTHORIZATION_FAILED (29)\n2 records acknowledged, 1 unknown\n');
  });

  it('reads no further ahead than a chunk while it has no credit', async () => {
    const kafka = new FakeKafka({ window: 1, credits: false });
    const { io, stdin, signal, said } = fakeIo();
    const line = ['produce', file, '--binding', 'app', '--topic', 't'];
    const code = sluice(line, { ...io, env }, { app: kafka.binding });
    let written = 0;
    const block = Buffer.from(`${'x'.repeat(1_023)}\n`.repeat(16));
    for (let turn = 0; turn < 200; turn += 1) {
      if (!stdin.writableNeedDrain) {
        stdin.write(block);
        written += block.length;
      }
      if (turn === 0) await until(() => kafka.opened.length === 1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(512 * 1024);
    expect(kafka.produced.length).toBe(0);
    signal('SIGINT');
    expect(said.exits).toEqual([]);
    const [, waiting] =
      /^SIGINT: no more are read, (\d+) wait for their answers; once more to stop at once\n$/.exec(said.err) ?? [];
    expect(Number(waiting)).toBeGreaterThan(0);
    signal('SIGINT');
    expect(said.exits).toEqual([1]);
    expect(said.err.split('\n')[1]).toBe(`0 records acknowledged, ${waiting} unknown`);
    kafka.abort({ code: 'KAFKA_CLOSED', message: 'the test is over' });
    expect(await code).toBe(1);
  });

  it('takes no more after a signal, waits for the answers, and ends at once on a second', async () => {
    const { code, stdin, kafka, signal, said } = producing();
    stdin.write('a\nb\n');
    await until(() => kafka.produced.length === 2);
    signal('SIGINT');
    expect(await code).toBe(0);
    expect(said).toMatchObject({ err: '2 records acknowledged\n', exits: [] });
  });

  it.each([
    ['--acks', 'some'],
    ['--partition', 'x'],
    ['--header', 'name'],
    ['--key-separator', ''],
  ])('names %s %s as what is wrong, and answers 2', async (option, value) => {
    const { code, said } = producing([`${option}=${value}`]);
    expect(await code).toBe(2);
    expect(said.err).toContain(option);
  });

  it('refuses a key separator for a file', async () => {
    const { code, said } = producing(['--file', 'x', '--key-separator', ':']);
    expect(await code).toBe(2);
    expect(said.err).toContain('--file');
  });
});
