import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheClient } from '../../operators/kafka/cache-client.ts';
import { cacheServer } from '../../operators/kafka/cache-server.ts';
import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';
import type { Access } from '../broker/access.ts';
import { kafkaClient } from '../broker/client.ts';
import { startCluster } from '../broker/cluster.ts';
import { openJudge } from '../broker/judge.ts';
import { serversOf } from '../integration/judged.ts';
import { type Figure, type Measured, measured, median, stopwatch } from './measure.ts';
import { Reader } from './reader.ts';

const TOPIC = 'bench';
const PARTITIONS = 6;
const RECORDS = 1_000_000;
const ROUNDS = 3;
const WINDOW = 4 << 20;

/** What each way took per record, and what it used of the processors by that; of another process that is not known. */
export interface Consumed {
  readonly elapsed: Figure[];
  readonly processor: Figure[];
}

/**
 * Reads a topic of a real broker to its end, the key of every record looked at, beside kafkajs's `eachBatch`, and kcat
 * (librdkafka) where it is installed; and fills a cache from it, which is then read in the same way.
 */
export async function benchConsume(): Promise<Consumed> {
  const cluster = await startCluster({ heap: '1g' });
  const root = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    await fill(cluster);
    const source = client(tcpClient(), { servers: serversOf(cluster) });
    let cache: FilledCache | undefined;
    const ways: Record<string, (round: number) => Promise<Measured>> = {
      'kafkajs, eachBatch': (round) => theirsOf(cluster, round),
      'kafka client, merged': () => measured(() => read(source)),
      async 'cache_server, filled from nothing'(round) {
        cache = new FilledCache(source, join(root, `${round}`));
        return measured(() => (cache as FilledCache).filled);
      },
      async 'cache_client, out of that cache'() {
        const { server } = cache as FilledCache;
        const took = await measured(() => read(cacheClient(server, { grace: 1 })));
        cache?.leave();
        return took;
      },
    };
    if (spawnSync('kcat', ['-V']).status === 0) ways['kcat (librdkafka), a process'] = () => kcat(cluster);
    const took = new Map(Object.keys(ways).map((name) => [name, [] as Measured[]]));
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const [name, way] of Object.entries(ways)) {
        const one = await way(round);
        // The first round warms up.
        if (round > 0) took.get(name)?.push(one);
      }
    }
    const figures = (of: (one: Measured) => number): Figure[] =>
      [...took].map(([name, all]) => ({ name, nanoseconds: median(all.map(of)) / RECORDS }));
    return { elapsed: figures(({ elapsed }) => elapsed), processor: figures(({ processor }) => processor) };
  } finally {
    await cluster.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

async function fill(access: Access): Promise<void> {
  const judge = await openJudge(access);
  await judge.createTopic(TOPIC, { partitions: PARTITIONS });
  const value = Buffer.alloc(90, 'x');
  for (let n = 0; n < RECORDS; n += 12_000) {
    const count = Math.min(12_000, RECORDS - n);
    await judge.write(
      TOPIC,
      Array.from({ length: count }, (_, index) => ({ key: `${n + index}`, value, partition: index % PARTITIONS })),
    );
  }
  await judge.close();
}

/** From the first record to the last: joining a group is not counted. */
async function theirsOf(access: Access, round: number): Promise<Measured> {
  const consumer = kafkaClient(access).consumer({ groupId: `bench-${round}`, maxBytesPerPartition: 1 << 20 });
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  let stop: (() => Measured) | undefined;
  let records = 0;
  let bytes = 0;
  const took = await new Promise<Measured>((resolve, reject) => {
    const eachBatch = async ({ batch }: { batch: { messages: { key: Buffer | null }[] } }): Promise<void> => {
      stop ??= stopwatch();
      for (const { key } of batch.messages) bytes += key?.length ?? 0;
      records += batch.messages.length;
      if (records >= RECORDS) resolve(stop());
    };
    consumer.run({ eachBatch, partitionsConsumedConcurrently: PARTITIONS }).catch(reject);
  });
  await consumer.disconnect();
  if (bytes === 0) throw new Error('no key was read');
  return took;
}

/** From the subscription to END. */
async function read(binding: Binding<Kafka>): Promise<void> {
  let records = 0;
  let bytes = 0;
  const reader = new Reader(binding, TOPIC, {
    until: 'latest',
    window: WINDOW,
    take(run) {
      for (let index = 0; index < run.length; index += 1) bytes += run.at(index).key?.length ?? 0;
      records += run.length;
    },
  });
  await Promise.race([reader.begun, reader.ended]);
  reader.go();
  await reader.ended;
  if (records !== RECORDS || bytes === 0) throw new Error(`${records} records, ${bytes} bytes of keys`);
}

/** A cache in a new directory, that is filled from a source. */
class FilledCache {
  readonly server: Binding<Kafka>;
  readonly filled: Promise<void>;
  leave = (): void => {};

  constructor(source: Binding<Kafka>, dir: string) {
    let hasAll = (): void => {};
    const server = cacheServer(source, {
      dir,
      bootstrap: [TOPIC],
      grace: 0,
      onWarmth: ({ isReady }) => isReady && hasAll(),
    });
    this.server = server;
    this.filled = new Promise((resolve, reject) => {
      hasAll = resolve;
      const running = server.running.subscribe({ error: reject });
      this.leave = () => running.unsubscribe();
    });
  }
}

/** A consumer of librdkafka alone, in a process of its own that prints the keys to nowhere. */
async function kcat({ bootstrap }: Access): Promise<Measured> {
  const options = ['-C', '-t', TOPIC, '-o', 'beginning', '-e', '-q', '-f', '%k\n'];
  return measured(async () => {
    const [code] = await once(
      spawn('kcat', ['-b', bootstrap.PLAINTEXT.join(), ...options], { stdio: 'ignore' }),
      'exit',
    );
    if (code !== 0) throw new Error(`kcat ended with ${code}`);
  });
}
