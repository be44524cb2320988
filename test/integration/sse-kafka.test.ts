import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Judge, openJudge } from '../broker/judge.ts';
import { freePorts } from '../broker/ports.ts';

import { describeKafka } from '../broker/use-kafka.ts';
import { Process, root } from '../cli/process.ts';
import { until } from '../src/net/peers.ts';

jest.setTimeout(120_000);

/** An EventSource in a process of its own: it prints each event as its type, data and id. */
const EVENT_SOURCE = `
import { EventSource } from 'eventsource';
const source = new EventSource(process.argv[1]);
for (const type of ['message', 'delete', 'gap'])
  source.addEventListener(type, ({ data, lastEventId }) => console.log(JSON.stringify([type, data, lastEventId])));`;

/** A process that prints lines, read as they come. */
class Client {
  readonly child: ChildProcess;
  out = '';

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
    this.child.stdout?.on('data', (chunk) => {
      this.out += chunk;
    });
  }

  static eventSource(url: string): Client {
    return new Client(process.execPath, ['--input-type=module', '-e', EVENT_SOURCE, url]);
  }

  static curl(url: string, ...args: string[]): Client {
    return new Client('curl', ['-sN', ...args, url]);
  }

  /** The events that an EventSource had: the type and the data of each. */
  get events(): string[] {
    return this.out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).slice(0, 2).join(' '));
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}

describeKafka('graphs/sse.yaml, before a genuine Kafka', (kafka) => {
  let judge: Judge;
  let port: number;
  const directory = mkdtempSync(join(tmpdir(), 'sluice-sse-'));
  const file = join(directory, 'sse.yaml');
  const clients: Client[] = [];
  let server: Process | undefined;

  const start = async (): Promise<void> => {
    server = new Process(['run', file, '--dir', join(directory, 'state')], {
      KAFKA_BOOTSTRAP_SERVER: kafka.access.bootstrap.PLAINTEXT[0] as string,
    });
    await server.logged(/listens on/);
  };
  const stop = async (): Promise<void> => {
    server?.child.kill('SIGKILL');
    await server?.ended;
  };
  const client = (made: Client): Client => {
    clients.push(made);
    return made;
  };

  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    [port] = (await freePorts(1)) as [number];
    writeFileSync(file, readFileSync(join(root, 'graphs/sse.yaml'), 'utf8').replace('port: 7114', `port: ${port}`));
    await judge.createTopic('events', { partitions: 3, config: { 'cleanup.policy': 'compact' } });
    await start();
  });
  afterAll(async () => {
    for (const one of clients) one.stop();
    await stop();
    await judge.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const url = (path: string): string => `http://127.0.0.1:${port}${path}`;

  it('should send an EventSource everything once, deletes too, though the server is killed under it', async () => {
    await judge.write('events', [
      { key: 'a', value: 'one' },
      { key: 'b', value: 'two\nlines' },
      { key: 'c', value: 'three' },
    ]);
    const source = client(Client.eventSource(url('/events')));
    await until(() => source.events.length === 3);
    expect(source.events.sort()).toEqual(['message one', 'message three', 'message two\nlines']);
    await judge.write('events', [{ key: 'a', value: null }]);
    await until(() => source.events.length === 4);
    expect(source.events.at(-1)).toBe('delete YQ==');

    await stop();
    await judge.write(
      'events',
      Array.from({ length: 50 }, (_, n) => ({ key: `away${n}`, value: `away ${n}` })),
    );
    await start();
    await judge.write('events', [{ key: 'last', value: 'last' }]);
    await until(() => source.events.length >= 55);
    const away = Array.from({ length: 50 }, (_, n) => `message away ${n}`);
    expect(source.events.slice(4).sort()).toEqual([...away, 'message last'].sort());
  });

  it('should send curl what a path asks for, over HTTP/1.1 and HTTP/2', async () => {
    await judge.write('events', [
      { key: '1', value: '{"id":1,"name":"Hello World!"}', headers: { tag: 'abc' } },
      { key: '1', value: 'other', headers: { tag: 'other' } },
      { key: '2', value: 'two', headers: { tag: 'abc' } },
    ]);
    await judge.write('events', [{ key: '1', value: '{"id":1,"name":"Hello World!"}', headers: { tag: 'abc' } }]);
    for (const version of ['--http1.1', '--http2-prior-knowledge']) {
      const asked = client(Client.curl(url('/events/1/abc'), version, '-H', 'Accept:text/event-stream'));
      await until(() => asked.out.includes('World'));
      expect(asked.out.match(/^data:.*$/gm)).toEqual(['data:{"id":1,"name":"Hello World!"}']);
      asked.stop();
    }
  });

  it('should answer an unknown path and an unknown topic with 404, and a bad id with what there is', async () => {
    const status = (path: string): Client =>
      client(Client.curl(url(path), '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '30'));
    const [path, escaped] = [status('/nothing'), status('/events/%2F')];
    await until(() => [path, escaped].every(({ out }) => out !== ''));
    expect([path.out, escaped.out]).toEqual(['404', '404']);
    const bad = client(Client.curl(url('/events/1/abc'), '-H', 'Last-Event-ID: nonsense'));
    await until(() => bad.out.includes('World'));
    expect(bad.out).toContain('event:gap\ndata:{"topic":"events","reason":"unknown-id"}\n\n');
  });
});
