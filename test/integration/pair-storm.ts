import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheClient } from '../../operators/kafka/cache-client.ts';
import { cacheServer } from '../../operators/kafka/cache-server.ts';
import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import type { Broker } from '../broker/broker.ts';
import type { Cluster } from '../broker/cluster.ts';
import type { ReadRecord } from '../broker/judge.ts';
import { type Produced, produceInFragments, type ToSend } from './fragment-producer.ts';
import { judging, serversOf } from './judged.ts';

export interface PairStormOptions {
  readonly topic: string;
  readonly producers: number;
  /** How many records each sends, of less than 10 KB. */
  readonly records: number;
  /** How many of the producers send one of 5 to 10 MB as well. */
  readonly large: number;
}

interface Sent extends Produced {
  readonly records: readonly ToSend[];
  readonly aborts: boolean;
}

const PARTITIONS = 6;
const MB = 1 << 20;
const LARGEST = 10 * MB;
/** What values are cut from. */
const POOL = randomBytes(2 * LARGEST);

/**
 * Many produce at once through a cache pair to three brokers, in random fragments, every fourth of them aborting, while
 * each broker's connections are cut every 3 s, a response is dropped every 1.5 s and a leader is killed. Answers how many records were acknowledged, and all that
 * is wrong with what kafkajs reads back.
 */
export async function pairStorm(
  cluster: Cluster,
  { topic, producers, records, large }: PairStormOptions,
): Promise<{ readonly acked: number; readonly retried: number; readonly mistakes: readonly string[] }> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-storm-'));
  let retried = 0;
  await judging(cluster, (judge) =>
    judge.createTopic(topic, {
      ...{ partitions: PARTITIONS, replication: 3 },
      config: { 'min.insync.replicas': '2', 'max.message.bytes': `${LARGEST + 10_000}` },
    }),
  );
  const broker = client(tcpClient(), {
    servers: serversOf(cluster),
    ...{ requestTimeout: 5_000, metadataMaxAge: 1_000, maxBackoff: 500 },
    onRetry: () => {
      retried += 1;
    },
  });
  const pair = cacheClient(cacheServer(broker, { dir: join(dir, 'server') }), { dir: join(dir, 'client') });
  const calm = new AbortController();
  const weather = storm(cluster, topic, calm.signal);
  try {
    const sent = await Promise.all(
      Array.from({ length: producers }, async (_, producer): Promise<Sent> => {
        const own = recordsOf(producer, records, producer % Math.ceil(producers / large) === 1);
        const aborts = producer % 4 === 3;
        return { records: own, aborts, ...(await produceInFragments(pair, topic, own, aborts)) };
      }),
    );
    calm.abort();
    await weather;
    const held = await judging(cluster, (judge) => judge.read(topic));
    const left = [join(dir, 'client'), join(dir, 'server', 'staged')].flatMap((one) => readdirSync(one));
    const acked = sent.reduce((sum, { answers }) => sum + answers.length, 0);
    return { acked, retried, mistakes: [...mistakesOf(sent, held), ...left.map((name) => `${name} was left`)] };
  } finally {
    calm.abort();
    rmSync(dir, { recursive: true, force: true });
  }
}

function recordsOf(producer: number, count: number, isLarge: boolean): ToSend[] {
  return Array.from({ length: count }, (_, n) => {
    const size = isLarge && n === count >> 1 ? randomInt(5 * MB, LARGEST) : randomInt(0, 10_000);
    const at = randomInt(POOL.length - size);
    return { key: `${producer}/${n}`, value: POOL.subarray(at, at + size), partition: randomInt(PARTITIONS) };
  });
}

async function storm(cluster: Cluster, topic: string, calm: AbortSignal): Promise<void> {
  const proxies = cluster.brokers.map(({ proxy }) => proxy!);
  let killed: Broker | undefined;
  for (let n = 0; !calm.aborted; n += 1) {
    if (n % 4 === 1) proxies[(n >> 2) % proxies.length]?.cut();
    if (n % 6 === 2) {
      const proxy = proxies[Math.floor(n / 6) % proxies.length];
      // A response that was to be dropped and did not come is let off. If they added up, a broker that is seldom asked would
      // lose the first of every connection for good, and no client could reach it.
      proxy?.heal();
      proxy?.dropResponse();
    }
    if (n === 4) {
      const { leader } = await judging(
        cluster,
        async ({ admin }) => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions[0]!,
      );
      killed = cluster.brokers.find(({ id }) => id === leader)!;
      await killed.kill();
    }
    if (n === 24) await killed?.start();
    await sleep(250, undefined, { signal: calm }).catch(() => {});
  }
  for (const proxy of proxies) proxy.heal();
  if (killed === undefined) throw new Error('it was over before a leader was killed');
  await killed.start();
}

function* mistakesOf(sent: readonly Sent[], held: readonly ReadRecord[]): Generator<string> {
  const found = new Map(held.map((record) => [`${record.key}`, record]));
  if (found.size !== held.length) yield `${held.length - found.size} records are there more than once`;
  for (const { records, aborts, answers, ending } of sent) {
    const name = records[0]?.key;
    if (ending !== (aborts ? 'abort' : 'end')) yield `${name}: its stream ended by ${ending}`;
    if (!aborts && answers.length !== records.length) yield `${name}: ${answers.length} answers`;
    for (const answer of answers) {
      const { key, value, partition } = records[answer.record] as ToSend;
      const one = found.get(key);
      if (answer.answer === 'refused') yield `${key}: ${answer.fault.message}`;
      else if (one === undefined) yield `${key} was acknowledged and is not there`;
      else if (one.partition !== partition || one.offset !== answer.offset || !one.value?.equals(value))
        yield `${key}: ${one.partition}/${one.offset} is not what was acknowledged`;
    }
    if (aborts && found.has(records.at(-1)?.key as string)) yield `${records.at(-1)?.key} was aborted and is there`;
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const offsets = records
        .filter((record) => record.partition === partition && found.has(record.key))
        .map(({ key }) => Number(found.get(key)?.offset));
      if (offsets.some((offset, at) => at > 0 && offset < (offsets[at - 1] as number)))
        yield `${name}: out of order in partition ${partition}`;
    }
  }
}
