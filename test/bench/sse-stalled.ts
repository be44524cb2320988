import { cachedTopic } from './cached-topic.ts';
import type { Asking, Counted } from './listeners.ts';
import { numberedBatches } from './numbered.ts';
import { serveTopic } from './serve-topic.ts';

export interface SseStalledOptions {
  /** The clients, in this process or another. */
  readonly listeners: {
    ask(asking: Asking): void | Promise<void>;
    read(): void;
    count(): Counted | Promise<Counted>;
  };
  /** How many read what comes, and how many do not. */
  readonly reading: number;
  readonly stalled: number;
  /** How often so many records are written. */
  readonly rounds: number;
  readonly records: number;
  /** Of what size, in bytes: what is written has to be more than sockets take that nobody reads. */
  readonly size: number;
}

export interface SseStalledResult {
  /** Events to those that read, per second: alone, and beside those that do not. */
  readonly alone: number;
  readonly beside: number;
  /** What this process grew by while they did not read, in bytes for each of them. */
  readonly held: number;
  readonly mistakes: readonly string[];
}

/**
 * Sends a topic to clients of which some do not read, and then lets those read, too: everyone has to get every record,
 * once and in order.
 */
export async function sseStalled({
  listeners,
  reading,
  stalled,
  rounds,
  records,
  size,
}: SseStalledOptions): Promise<SseStalledResult> {
  const topic = await cachedTopic('topic', 1, 'delete');
  const server = await serveTopic(topic);
  const next = numberedBatches(1, 1, size);
  let written = 0;
  const count = async (): Promise<number> => (await listeners.count()).events;
  const write = async (clients: number): Promise<number> => {
    const before = await count();
    const start = process.hrtime.bigint();
    for (let round = 1; round <= rounds; round += 1) {
      await topic.append(next(records));
      while ((await count()) - before < clients * records * round) await pause(1);
    }
    written += rounds * records;
    return (clients * rounds * records) / (Number(process.hrtime.bigint() - start) / 1e9);
  };
  const connect = async (clients: number, read: boolean): Promise<void> => {
    const { open } = await listeners.count();
    await listeners.ask({ port: server.port, paths: Array(clients).fill('/topic'), read, check: true });
    while ((await listeners.count()).open < open + clients) await pause(10);
  };
  try {
    await connect(reading, true);
    await write(reading);
    const alone = await write(reading);
    await connect(stalled, false);
    // What their sockets take is taken then.
    await write(reading);
    await write(reading);
    const memory = used();
    const beside = await write(reading);
    await write(reading);
    const held = (used() - memory) / stalled;
    listeners.read();
    while ((await count()) < (reading + stalled) * written) await pause(10);
    return { alone, beside, held, mistakes: (await listeners.count()).mistakes };
  } finally {
    server.stop();
    await topic.close();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function used(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
