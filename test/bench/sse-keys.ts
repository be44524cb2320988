import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, NetConnectOpts } from 'node:net';
import { events, SseBody } from '../../src/protocol/sse-events.ts';
import { cachedTopic, TOPIC_ID } from './cached-topic.ts';
import { arrived, RemoteListeners } from './listeners.ts';
import { numberedBatches } from './numbered.ts';
import { serveTopic } from './serve-topic.ts';

const WARM_UP = 2;
const ROUNDS = 6;

/** Events per second, and microseconds of the server's CPU for each. */
interface Measured {
  readonly rate: number;
  readonly cpu: number;
}

export interface SseKeysResult {
  readonly ours: Measured;
  readonly bare: Measured;
}

/** A server of clients that ask for `/topic/{key}`. */
interface Server {
  readonly at: NetConnectOpts;
  /** What sends `each` events of every key. */
  prepare(each: number): () => Promise<void>;
  close(): Promise<void>;
}

/** Who listens to what. */
export interface SseKeysOptions {
  readonly clients: number;
  /** How many keys there are, one of which each client listens to. */
  readonly keys: number;
  readonly partitions: number;
  /** How many records of every key come at a time. */
  readonly each: number;
}

/**
 * Sends clients the records of a topic that is not compacted, out of a cache, filtered by key; and the same bytes from a bare
 * node:http server, which has them ready. The clients are bare sockets in another process.
 */
export async function sseKeys({ clients, keys, partitions, each }: SseKeysOptions): Promise<SseKeysResult> {
  const paths = Array.from({ length: clients }, (_, client) => `/topic/${client % keys}`);
  return {
    bare: await measure(await bareServer(clients, keys, partitions), paths, each),
    ours: await measure(await ourServer(keys, partitions), paths, each),
  };
}

async function measure(server: Server, paths: readonly string[], each: number): Promise<Measured> {
  const clients = paths.length;
  const listeners = new RemoteListeners();
  try {
    listeners.ask({ at: server.at, paths, read: true });
    await arrived(listeners, clients, 0);
    const rounds = Array.from({ length: WARM_UP + ROUNDS }, () => server.prepare(each));
    globalThis.gc?.();
    let sent = 0;
    let [start, cpu] = [performance.now(), process.cpuUsage()];
    for (const [round, send] of rounds.entries()) {
      if (round === WARM_UP) [start, cpu] = [performance.now(), process.cpuUsage()];
      await send();
      sent += clients * each;
      await arrived(listeners, clients, sent);
    }
    const measured = ROUNDS * clients * each;
    const { user, system } = process.cpuUsage(cpu);
    return { rate: (measured / (performance.now() - start)) * 1_000, cpu: (user + system) / measured };
  } finally {
    listeners.close();
    await server.close();
  }
}

async function ourServer(keys: number, partitions: number): Promise<Server> {
  const topic = await cachedTopic('topic', partitions, 'delete');
  const server = await serveTopic(topic);
  const feed = numberedBatches(keys, partitions);
  return {
    at: server.tcp,
    prepare(each) {
      const batches = feed(each);
      return () => topic.append(batches);
    },
    async close() {
      server.stop();
      await topic.close();
    },
  };
}

async function bareServer(clients: number, keys: number, partitions: number): Promise<Server> {
  const open: (readonly [key: number, response: ServerResponse])[] = [];
  const server = createServer(({ url = '' }, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }).flushHeaders();
    open.push([Number(url.slice('/topic/'.length)), response]);
  });
  await once(server.listen(0, '127.0.0.1', 10_000), 'listening');
  const others = Array.from({ length: partitions - 1 }, (_, partition) => `.${partition}:1000000`).join('');
  const body = new SseBody(Buffer.from('x'.repeat(71)));
  return {
    at: { port: (server.address() as AddressInfo).port, host: '127.0.0.1' },
    prepare(each) {
      const ready = Array.from({ length: keys }, (_, key) => {
        const ids = Array.from(
          { length: each },
          (_, number) => `${TOPIC_ID}${others}.${partitions - 1}:${key * each + number}`,
        );
        return events(ids.map((id) => ({ id, body }))).payload.bytes;
      });
      return async () => {
        while (open.length < clients) await new Promise((resolve) => setTimeout(resolve, 1));
        for (const [key, response] of open) response.write(ready[key]);
      };
    },
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A result in a line. */
export const toldKeys = ({ keys, partitions, each }: SseKeysOptions, { ours, bare }: SseKeysResult): string =>
  `${keys} keys, ${partitions} partitions, ${each} of each`.padEnd(38) +
  `${Math.round(ours.rate)} against ${Math.round(bare.rate)} events/s,` +
  ` ${(bare.rate / ours.rate).toFixed(2)}x; CPU ${ours.cpu.toFixed(3)} against ${bare.cpu.toFixed(3)} us each,` +
  ` ${(ours.cpu / bare.cpu).toFixed(2)}x`;

if (process.argv[2] === 'sse-keys') {
  const [clients = 4_000, keys = 40, partitions = 1, each = 200] = process.argv.slice(3).map(Number);
  const options = { clients, keys, partitions, each };
  console.log(toldKeys(options, await sseKeys(options)));
}
