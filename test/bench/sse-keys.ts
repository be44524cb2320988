import { cachedTopic } from './cached-topic.ts';
import { RemoteListeners } from './listeners.ts';
import { numberedBatches } from './numbered.ts';
import { serveTopic } from './serve-topic.ts';

const PARTITIONS = 6;

export interface SseKeysResult {
  readonly clients: number;
  /** Events that arrived, per second. */
  readonly rate: number;
  /** Microseconds of the server's CPU for each. */
  readonly cpu: number;
}

/**
 * Sends clients, each of which listens to a key of its own, the records of a topic that is not compacted, out of a cache:
 * `each` records of every key at a time. The clients are bare sockets in another process.
 */
export async function sseKeys(clients: number, each: number, seconds = 3): Promise<SseKeysResult> {
  const topic = await cachedTopic('topic', PARTITIONS, 'delete');
  const server = await serveTopic(topic);
  const listeners = new RemoteListeners();
  try {
    const paths = Array.from({ length: clients }, (_, key) => `/topic/${key}`);
    listeners.ask({ port: server.port, paths, read: true, check: false });
    while ((await listeners.count()).open < clients) await pause(20);
    const feed = numberedBatches(clients, PARTITIONS);
    let sent = 0;
    const round = async (): Promise<void> => {
      await topic.append(feed(each));
      sent += clients * each;
      while ((await listeners.count()).events < sent) await pause(1);
    };
    await round();
    await round();
    const [before, start, cpu] = [sent, process.hrtime.bigint(), process.cpuUsage()];
    const end = start + BigInt(seconds * 1e9);
    while (process.hrtime.bigint() < end) await round();
    const elapsed = Number(process.hrtime.bigint() - start) / 1e9;
    const { user, system } = process.cpuUsage(cpu);
    return { clients, rate: (sent - before) / elapsed, cpu: (user + system) / (sent - before) };
  } finally {
    listeners.close();
    server.stop();
    await topic.close();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

if (process.argv[2] === 'sse-keys') {
  const [, , , clients = '4000', each = '25'] = process.argv;
  console.log(await sseKeys(Number(clients), Number(each)));
}
