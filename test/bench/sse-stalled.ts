import type { NetConnectOpts } from 'node:net';
import { cachedTopic, TOPIC_ID } from './cached-topic.ts';
import { arrived, type Listening } from './listeners.ts';
import { numberedBatches } from './numbered.ts';
import { serveTopic } from './serve-topic.ts';

/** Clients, in this process or another. */
interface Clients {
  readonly listeners: Listening;
  readonly clients: number;
}

export interface SseStalledOptions {
  readonly reading: Clients;
  readonly stalled: Clients;
  /** What is written before the others come, in records of so many bytes: more than sockets take that nobody reads. */
  readonly fill: { readonly records: number; readonly size: number };
  /** How often so many records are written to those that read. */
  readonly rounds: number;
  readonly records: number;
}

export interface SseStalledResult {
  /** Events to those that read, per second: beside those that do not, and alone. */
  readonly beside: number;
  readonly alone: number;
  /** What this process shrinks by when those have gone that did not read, in bytes for each of them. */
  readonly held: number;
  readonly mistakes: readonly string[];
}

/**
 * Sends a topic to clients of which some do not read until the others were measured beside them: everyone has to get every
 * record, once and in order. Throws what is missing when nothing comes any more.
 */
export async function sseStalled(options: SseStalledOptions): Promise<SseStalledResult> {
  const { reading, stalled, fill, rounds, records } = options;
  const topic = await cachedTopic('topic', 1, 'delete');
  const server = await serveTopic(topic);
  const next = numberedBatches(1, 1);
  let written = 0;
  const write = async (count: number, size?: number): Promise<void> => {
    await topic.append(next(count, size));
    written += count;
  };
  const connect = async ({ listeners, clients }: Clients, at: NetConnectOpts, read: boolean): Promise<void> => {
    const path = `/topic?lastEventId=${TOPIC_ID}.0:${written}`;
    await listeners.ask({ at, paths: Array(clients).fill(path), read, first: written });
    await arrived(listeners, clients, 0);
  };
  let sent = 0;
  const rate = async (): Promise<number> => {
    const start = process.hrtime.bigint();
    for (let round = 0; round < rounds; round += 1) {
      await write(records);
      sent += reading.clients * records;
      await arrived(reading.listeners, reading.clients, sent);
    }
    return (reading.clients * rounds * records) / (Number(process.hrtime.bigint() - start) / 1e9);
  };
  try {
    await connect(stalled, server.local, false);
    for (let record = 0; record < fill.records; record += 8) await write(8, fill.size);
    await connect(reading, server.tcp, true);
    await rate();
    const beside = await rate();
    const memory = used();
    stalled.listeners.read();
    await arrived(stalled.listeners, stalled.clients, stalled.clients * written);
    const { mistakes } = await stalled.listeners.count();
    stalled.listeners.close();
    const alone = await rate();
    const held = (memory - used()) / stalled.clients;
    return { beside, alone, held, mistakes: [...mistakes, ...(await reading.listeners.count()).mistakes] };
  } finally {
    server.stop();
    await topic.close();
  }
}

function used(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
