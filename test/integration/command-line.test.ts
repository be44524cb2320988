import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Listener, USERS } from '../broker/access.ts';
import { makeCertificates } from '../broker/certificates.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { freePorts } from '../broker/ports.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { Process, root } from '../cli/process.ts';
import { printed, sluice } from './sluice.ts';

const PLAIN = 'graphs/client.yaml';
const SECURE = 'graphs/client-tls-scram.yaml';
const CANARY = 'canary-5e1d0c';

/** What every command has in common. */
const on = (command: string, file: string, topic: string): string[] => [
  command,
  file,
  ...['--binding', 'app', '--topic', topic],
];
const whole = ['--from', 'earliest', '--until', 'latest', '--json'];

describeKafka('sluice consume and produce, on a genuine Kafka', (kafka) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-command-line-'));
  const ca = join(directory, 'broker-ca.pem');
  let judge: Judge;
  let running: Process | undefined;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    writeFileSync(ca, kafka.access.tls.ca);
  });
  afterEach(() => running?.child.kill('SIGKILL'));
  afterAll(async () => {
    await judge?.close();
    rmSync(directory, { recursive: true });
  });

  const server = (listener: Listener): string => kafka.access.bootstrap[listener][0] as string;
  const plain = () => ({ KAFKA_BOOTSTRAP_SERVER: server('PLAINTEXT') });
  const secure = (user: keyof typeof USERS = 'admin') => ({
    KAFKA_BOOTSTRAP_SERVER: server('SASL_SSL'),
    KAFKA_CA: ca,
    KAFKA_USERNAME: USERS[user].username,
    KAFKA_PASSWORD: USERS[user].password,
  });

  it.each([
    [PLAIN, plain],
    [SECURE, secure],
  ])('writes records and reads them back through %s', async (file, env) => {
    const topic = `command-line-${file === PLAIN ? 'plain' : 'secure'}`;
    await judge.createTopic(topic);
    const produced = await sluice([...on('produce', file, topic), '--key-separator', ':'], env(), 'a:1\nb:2\n');
    expect(produced).toEqual({ code: 0, out: '', err: '2 records acknowledged\n' });
    const header = await sluice([...on('produce', file, topic), '--header', 'h=v'], env(), 'grüße\n');
    expect(header.code).toBe(0);
    const { code, out, err } = await sluice([...on('consume', file, topic), ...whole], env());
    expect([code, err]).toEqual([0, '']);
    const place = (offset: number) => ({ topic, partition: 0, offset, timestamp: expect.any(Number) });
    expect(printed(out)).toEqual([
      { ...place(0), key: 'a', value: '1', headers: [] },
      { ...place(1), key: 'b', value: '2', headers: [] },
      { ...place(2), key: null, value: 'grüße', headers: [{ name: 'h', value: 'v' }] },
    ]);
  });

  it('writes a file as one value, and shows bytes that are no text as base64', async () => {
    const topic = 'command-line-file';
    await judge.createTopic(topic);
    const file = join(directory, 'value.bin');
    writeFileSync(file, Buffer.from([0xc3, 0x28, 0, 10]));
    expect((await sluice([...on('produce', PLAIN, topic), '--file', file], plain())).code).toBe(0);
    expect((await judge.read(topic)).map(({ value }) => value)).toEqual([Buffer.from([0xc3, 0x28, 0, 10])]);
    const { out } = await sluice([...on('consume', PLAIN, topic), ...whole], plain());
    expect(printed(out)).toMatchObject([{ value: { base64: 'wygACg==' } }]);
  });

  describe('that cannot', () => {
    const both = async (file: string, topic: string, env: Record<string, string>) => [
      await sluice([...on('consume', file, topic), ...whole], env),
      await sluice(on('produce', file, topic), env, 'x\n'),
    ];

    beforeAll(() => judge.createTopic('command-line-refused'));

    it.each<[string, string, () => Record<string, string>, RegExp]>([
      [
        'for a wrong password',
        SECURE,
        () => ({ ...secure(), KAFKA_PASSWORD: CANARY }),
        /^KAFKA_SASL: .*user admin is not accepted by SCRAM-SHA-512/,
      ],
      [
        'for a user who is not known',
        SECURE,
        () => ({ ...secure(), KAFKA_USERNAME: 'nobody', KAFKA_PASSWORD: CANARY }),
        /^KAFKA_SASL: .*user nobody is not accepted/,
      ],
      [
        'for a certificate authority that is not the broker’s',
        SECURE,
        () => ({ ...secure(), KAFKA_PASSWORD: CANARY, KAFKA_CA: join(directory, 'ca.pem') }),
        /^TLS_UNTRUSTED: /,
      ],
      [
        'for a certificate of another host',
        join(directory, 'other-host.yaml'),
        () => ({ ...secure(), KAFKA_PASSWORD: CANARY }),
        /^TLS_WRONG_HOST: .*broker\.example\.org/,
      ],
      [
        'for speaking plaintext to a port of TLS',
        PLAIN,
        () => ({ KAFKA_BOOTSTRAP_SERVER: server('SSL') }),
        /^KAFKA_FRAME: .*; it speaks TLS$/,
      ],
      [
        'for speaking TLS to a port of plaintext',
        SECURE,
        () => ({ ...secure(), KAFKA_PASSWORD: CANARY, KAFKA_BOOTSTRAP_SERVER: server('PLAINTEXT') }),
        /^TLS_(PLAINTEXT|HANDSHAKE): /,
      ],
      [
        'for an ACL that is missing',
        SECURE,
        () => secure('alice'),
        /^KAFKA_ERROR: topic .*: TOPIC_AUTHORIZATION_FAILED \(29\): an ACL is missing/,
      ],
      [
        'for a topic that is not there',
        PLAIN,
        plain,
        /^KAFKA_ERROR: topic command-line-nowhere: UNKNOWN_TOPIC_OR_PARTITION \(3\): there is no such topic/,
      ],
    ])('says so clearly, and nothing secret: %s', async (why, file, env, expected) => {
      await makeCertificates(directory);
      const yaml = readFileSync(join(root, SECURE), 'utf8');
      const elsewhere = yaml.replace(
        'vault: cluster\n',
        'vault: cluster\n    options:\n      sni: [broker.example.org]\n',
      );
      writeFileSync(join(directory, 'other-host.yaml'), elsewhere);
      const topic = why.includes('topic') ? 'command-line-nowhere' : 'command-line-refused';
      for (const { code, out, err } of await both(file, topic, env())) {
        expect([code, out]).toEqual([1, '']);
        // What was tried again is logged before it; what is final stands alone.
        const lines = err
          .trimEnd()
          .split('\n')
          .filter((line) => !line.startsWith('{') && !/^\d+ records/.test(line));
        expect(lines.map((line) => line.replace(/^line 1: /, ''))).toEqual([expect.stringMatching(expected)]);
        for (const secret of [CANARY, USERS.alice.password, USERS.admin.password]) expect(err).not.toContain(secret);
      }
    });
  });

  it('waits for a cluster that is not there yet', async () => {
    const topic = 'command-line-later';
    await judge.createTopic(topic);
    await judge.write(topic, [{ value: 'patience' }]);
    const [port] = await freePorts(1);
    const env = { KAFKA_BOOTSTRAP_SERVER: `127.0.0.1:${port}` };
    running = new Process([...on('consume', PLAIN, topic), ...whole], env, ['ignore', 'pipe']);
    const reading = textOf(running.child.stdout!);
    // A minute makes no difference: waits grow to five seconds at most.
    await sleep(Number(process.env.UNREACHABLE_MS ?? 5_000));
    await running.logged(/(NET_REFUSED[^\n]*\n.*?){3}/s);
    const [host, target] = server('PLAINTEXT').split(':') as [string, string];
    const door = createServer((socket) => {
      const broker = connect(Number(target), host);
      socket.on('error', () => broker.destroy()).pipe(broker);
      broker.on('error', () => socket.destroy()).pipe(socket);
    }).listen(port, '127.0.0.1');
    await once(door, 'listening');
    const out = await reading;
    const [code] = await running.ended;
    door.close();
    expect(code).toBe(0);
    expect(printed(out)).toMatchObject([{ value: 'patience' }]);
    // What it tried again was told, one JSON object a line.
    const told = running.err
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(told.length).toBeGreaterThan(2);
    expect(told[0]).toMatchObject({ binding: 'app', code: 'NET_REFUSED' });
  });

  it('stays small while its output is slow, and prints all of it in order', async () => {
    const topic = 'command-line-slow';
    const records = 100_000;
    await judge.createTopic(topic);
    const lines = Array.from({ length: records }, (_, n) => `${n}`.padEnd(1_000, '.'));
    const produced = await sluice(on('produce', PLAIN, topic), plain(), `${lines.join('\n')}\n`);
    expect(produced.err).toBe(`${records} records acknowledged\n`);
    running = new Process([...on('consume', PLAIN, topic), '--from', 'earliest', '--until', 'latest'], plain(), [
      'ignore',
      'pipe',
    ]);
    const resident = (): number =>
      Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${running?.child.pid}/status`, 'utf8'))?.[1]) / 1024;
    const out = running.child.stdout!;
    let expected = 0;
    let rest = '';
    const take = (chunk: Buffer): void => {
      const parts = `${rest}${chunk}`.split('\n');
      rest = parts.pop() as string;
      for (const line of parts) {
        if (line !== `null\t${lines[expected]}`) throw new Error(`${line.slice(0, 20)} where ${expected} was due`);
        expected += 1;
      }
    };
    await once(out, 'readable');
    take(out.read());
    await sleep(2_000);
    const before = resident();
    // A trickle: 100 reads of what the pipe holds.
    for (let n = 0; n < 100; n += 1) {
      await sleep(20);
      const chunk = out.read();
      if (chunk !== null) take(chunk);
    }
    expect(expected).toBeLessThan(records / 2);
    expect(resident() - before).toBeLessThan(48);
    out.on('data', take);
    expect(await running.ended).toEqual([0, null]);
    if (!out.readableEnded) await once(out, 'end');
    expect(expected).toBe(records);
  });
});
