import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Judge, openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { Process, root, sluiceArguments } from '../cli/process.ts';
import { printed } from './sluice.ts';

const on = (command: string, topic: string): string[] => [
  command,
  'graphs/client.yaml',
  ...['--binding', 'app', '--topic', topic],
];

describeKafka('sluice on a genuine Kafka, as it is ended', (kafka) => {
  let judge: Judge;
  let running: Process | undefined;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
  });
  afterEach(() => running?.child.kill('SIGKILL'));
  afterAll(() => judge?.close());

  const env = () => ({ KAFKA_BOOTSTRAP_SERVER: kafka.access.bootstrap.PLAINTEXT.join(',') });
  const filled = async (topic: string): Promise<void> => {
    await judge.createTopic(topic);
    await judge.write(
      topic,
      Array.from({ length: 3_000 }, (_, n) => ({ value: `${n}`.padEnd(200, '.') })),
    );
  };

  it('ends with 0, and without a word, when head has enough', async () => {
    await filled('ends-head');
    const args = [
      process.execPath,
      ...sluiceArguments([...on('consume', 'ends-head'), '--from', 'earliest', '--json']),
    ];
    // The words stand as arguments of the shell, so that none of them has to be quoted.
    const script = '"$@" | head -n 3; echo $PIPESTATUS';
    const shell = spawn('bash', ['-c', script, 'bash', ...args], {
      cwd: root,
      env: { ...process.env, ...env() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    shell.stdout.on('data', (chunk) => (out += chunk));
    shell.stderr.on('data', (chunk) => (err += chunk));
    await once(shell, 'close');
    const lines = out.trimEnd().split('\n');
    expect(lines.slice(0, 3).map((line) => JSON.parse(line).offset)).toEqual([0, 1, 2]);
    expect([lines.slice(3), err]).toEqual([['0'], '']);
  });

  it('prints whole records up to Ctrl-C, and ends with 0', async () => {
    await filled('ends-consume');
    running = new Process([...on('consume', 'ends-consume'), '--from', 'earliest', '--json'], env(), [
      'ignore',
      'pipe',
    ]);
    let out = '';
    running.child.stdout?.on('data', (chunk) => {
      if (out === '') running?.child.kill('SIGINT');
      out += chunk;
    });
    expect(await running.ended).toEqual([0, null]);
    const records = printed(out) as { offset: number; value: string }[];
    expect(records.map(({ offset }) => offset)).toEqual(records.map((_, index) => index));
    expect(records.every(({ value }) => value.length === 200)).toBe(true);
  });

  it('takes no more lines after Ctrl-C, waits for the answers, and counts what the topic has', async () => {
    await judge.createTopic('ends-produce');
    running = new Process(on('produce', 'ends-produce'), env(), ['pipe', 'ignore']);
    const lines = Array.from({ length: 3_000 }, (_, n) => `${n}`);
    // Its input stays open.
    running.child.stdin?.on('error', () => {}).write(`${lines.join('\n')}\n`);
    await until(async () => expect((await judge.read('ends-produce')).length).toBeGreaterThan(0));
    running.child.kill('SIGINT');
    expect(await running.ended).toEqual([0, null]);
    const values = (await judge.read('ends-produce')).map(({ value }) => `${value}`);
    expect(values).toEqual(lines.slice(0, values.length));
    expect(running.err.trimEnd().split('\n').at(-1)).toBe(`${values.length} records acknowledged`);
  });
});
