import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Judge, type NewRecord, openJudge, type ReadRecord } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { Process, root } from '../cli/process.ts';
import { curl } from '../src/net/http-peers.ts';

jest.setTimeout(180_000);

const TOPICS = { items: 'compact', events: 'delete', commands: 'delete', replies: 'compact' };
/** What is asked to go through a broker whose topics take it. */
const LARGE = 100_000_000;

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What curl is answered with. */
async function ask(...args: readonly string[]): Promise<Answered> {
  const text = (await curl('-i', '--max-time', '60', ...args)).replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, '');
  const split = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, split).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(split + 4) };
}

const headerOf = (record: ReadRecord, name: string): string => `${record.headers[name]}`;

describeKafka('graphs/http.yaml, on a genuine Kafka, asked by curl', (kafka) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-http-'));
  let judge: Judge;
  let running: Process;
  let url: string;

  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    const config = { 'max.message.bytes': `${LARGE + 1_000}` };
    for (const [topic, policy] of Object.entries(TOPICS))
      await judge.createTopic(`http-${topic}`, { partitions: 3, config: { ...config, 'cleanup.policy': policy } });
    const graph = readFileSync(join(root, 'graphs/http.yaml'), 'utf8')
      .replace('7114', '0')
      .replace(/\b(topic|reply-to): (\w+)/g, '$1: http-$2')
      .replace(/- (items|replies)\n/g, '- http-$1\n');
    const file = join(directory, 'http.yaml');
    writeFileSync(file, graph);
    const env = { KAFKA_BOOTSTRAP_SERVER: kafka.access.bootstrap.PLAINTEXT[0] as string };
    running = new Process(['run', file, '--dir', join(directory, 'state')], env);
    const [, at] = await running.logged(/listens on (127\.0\.0\.1:\d+)/);
    url = `http://${at}`;
  }, 120_000);
  afterAll(async () => {
    running?.child.kill('SIGKILL');
    await judge?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const written = (topic: string, count: number): Promise<ReadRecord[]> =>
    until(async () => {
      const found = await judge.read(`http-${topic}`);
      if (found.length < count) throw new Error(`${found.length} records of ${count}`);
      return found;
    });
  const replyTo = (to: ReadRecord, value: string | null, headers: Record<string, string> = {}): NewRecord => ({
    key: to.key,
    value,
    headers: { ...headers, 'zilla:correlation-id': headerOf(to, 'zilla:correlation-id') },
  });
  const reply = (...of: Parameters<typeof replyTo>) => judge.write('http-replies', [replyTo(...of)]);
  /** Asks until the cache has what was written. */
  const eventually = (status: number, ...args: readonly string[]): Promise<Answered> =>
    until(async () => {
      const answer = await ask(...args);
      if (answer.status !== status) throw new Error(`status ${answer.status}`);
      return answer;
    });

  it('serves a table: made, changed, read, waited for, listed and deleted', async () => {
    expect(await ask(`${url}/items`)).toMatchObject({ status: 200, body: '[]' });
    const json = ['-H', 'Content-Type: application/json'];
    const made = await ask('-X', 'POST', `${url}/items`, '-H', 'Idempotency-Key: 1', ...json, '-d', '{"n":1}');
    expect(made).toMatchObject({ status: 204, body: '' });
    const first = await eventually(200, `${url}/items/1`);
    expect(first).toMatchObject({
      headers: { 'content-type': 'application/json', 'content-length': '7' },
      body: '{"n":1}',
    });
    const { etag = '' } = first.headers;
    expect(etag).toMatch(/^"[\w-]{22}\.\d\.0"$/);
    const known = ['-H', `If-None-Match: ${etag}`];
    expect(await ask(`${url}/items/1`, ...known)).toMatchObject({ status: 304, headers: { etag }, body: '' });
    expect(await ask(`${url}/items/1`, ...known, '-H', 'Prefer: wait=1')).toMatchObject({ status: 304 });

    const changed = ask(`${url}/items/1`, ...known, '-H', 'Prefer: wait=60');
    expect((await ask('-X', 'PUT', `${url}/items/1`, ...json, '-d', '{"n":2}')).status).toBe(204);
    expect(await changed).toMatchObject({ status: 200, body: '{"n":2}' });

    const all = await ask(`${url}/items`);
    expect(all).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' }, body: '[{"n":2}]' });
    const held = ['-H', `If-None-Match: ${all.headers.etag}`];
    expect((await ask(`${url}/items`, ...held)).status).toBe(304);
    const listed = ask(`${url}/items`, ...held, '-H', 'Prefer: wait=60');
    await ask('-X', 'PUT', `${url}/items/other`, ...json, '-d', '{"n":3}');
    expect(JSON.parse((await listed).body)).toHaveLength(2);

    expect((await ask('-X', 'DELETE', `${url}/items/1`)).status).toBe(204);
    await eventually(404, `${url}/items/1`);
    expect((await ask(`${url}/items/none`, '-H', 'Prefer: wait=1')).status).toBe(404);
    expect(
      (await written('items', 4)).filter(({ key }) => `${key}` === '1').map(({ value }) => value && `${value}`),
    ).toEqual(['{"n":1}', '{"n":2}', null]);
  });

  it('writes events', async () => {
    const posted = await ask(`${url}/events`, '-H', 'Content-Type: application/json', '-d', '{"greeting":"Hello"}');
    expect(posted.status).toBe(204);
    const [event] = await written('events', 1);
    expect([event?.key, `${event?.value}`]).toEqual([null, '{"greeting":"Hello"}']);
    expect(Object.keys(event?.headers ?? {})).toEqual(['content-type']);
  });

  it('answers a command with the reply to it, and the same one when it is repeated', async () => {
    const put = () => ask('-X', 'PUT', `${url}/commands/a`, '-H', 'Idempotency-Key: k', '-d', '{"greeting":"Hello"}');
    const asked = put();
    const [command] = await written('commands', 1);
    expect(`${command?.key}`).toBe('a');
    expect(headerOf(command as ReadRecord, ':path')).toBe('/commands/a');
    expect(headerOf(command as ReadRecord, 'zilla:reply-to')).toBe('http-replies');
    await reply(command as ReadRecord, '{"greeting":"back"}', { ':status': '201' });
    expect(await asked).toMatchObject({ status: 201, body: '{"greeting":"back"}' });
    expect(await put()).toMatchObject({ status: 201, body: '{"greeting":"back"}' });
  });

  it('accepts a command, and answers it later where it said', async () => {
    const before = (await judge.read('http-commands')).length;
    const accepted = await ask('-X', 'PUT', `${url}/commands/b`, '-H', 'Prefer: respond-async', '-d', 'x');
    const { location = '' } = accepted.headers;
    expect([accepted.status, location]).toEqual([202, expect.stringMatching(/^\/commands\/b;cid=[0-9a-f-]{86}$/)]);
    expect(await ask(`${url}${location}`, '-H', 'Prefer: wait=1')).toMatchObject({
      status: 202,
      headers: { location },
    });
    const waiting = ask(`${url}${location}`, '-H', 'Prefer: wait=60');
    const command = (await written('commands', before + 1)).find(({ key }) => `${key}` === 'b') as ReadRecord;
    await reply(command, null, { ':status': '204' });
    expect((await waiting).status).toBe(204);
  });

  it('answers many commands at once, each with its own reply, though replies to one item have one key', async () => {
    const before = (await judge.read('http-commands')).length;
    const asked = Array.from({ length: 60 }, (_, n) =>
      fetch(`${url}/commands/many-${n % 3}`, { method: 'PUT', body: `${n}` }).then((answer) => answer.text()),
    );
    const commands = (await written('commands', before + 60)).filter(({ key }) => `${key}`.startsWith('many-'));
    const replies = commands.reverse().map((command) => replyTo(command, `re ${command.value}`));
    await judge.write('http-replies', replies.slice(0, 30));
    await judge.write('http-replies', replies.slice(30));
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 60 }, (_, n) => `re ${n}`));
  });

  it('takes a body of 100,000,000 bytes whose length it does not know, and never has it in memory', async () => {
    const file = join(directory, 'large');
    const large = randomBytes(LARGE);
    writeFileSync(file, large);
    const most = (): number =>
      Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${running.child.pid}/status`, 'utf8'))?.[1]) * 1024;
    const before = most();
    const chunked = ['-H', 'Transfer-Encoding: chunked', '-H', 'Expect:'];
    expect((await ask('-X', 'POST', `${url}/events`, ...chunked, '--data-binary', `@${file}`)).status).toBe(204);
    console.log(`100,000,000 bytes: at most ${Math.round((most() - before) / 1e6)} MB more`);

    expect(most() - before).toBeLessThan(LARGE / 2);
    const found = (await written('events', 2)).find(({ value }) => value?.length === LARGE);
    const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    expect(sum(found?.value as Buffer)).toBe(sum(large));
  });

  it('refuses what is too large, not there, or not allowed', async () => {
    expect((await ask(`${url}/nowhere`)).status).toBe(404);
    expect((await ask('-X', 'PATCH', `${url}/items/1`)).status).toBe(405);
    expect((await ask(`${url}/items/%zz`)).status).toBe(400);
    writeFileSync(join(directory, 'larger'), Buffer.alloc(LARGE + 2_000));
    const larger = ['-H', 'Expect:', '--data-binary', `@${join(directory, 'larger')}`];
    expect((await ask('-X', 'POST', `${url}/events`, ...larger)).status).toBe(413);
  });
});
