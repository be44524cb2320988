import { setTimeout as sleep } from 'node:timers/promises';
import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import { type Cluster, startCluster } from '../broker/cluster.ts';
import { openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeOwnKafka } from '../broker/use-kafka.ts';
import { judged, judging, serversOf } from './judged.ts';
import { pairStorm } from './pair-storm.ts';
import { printed, sluice } from './sluice.ts';
import { type Kept, Subscriber } from './subscriber.ts';

const TOPIC = 'storm';
const PARTITIONS = 6;
const RECORDS = 20_000;

/** A record in a line, but for its time. */
const lineOf = ({ partition, offset, key, value }: Kept): string => [partition, offset, key, value].join(' ');

describeOwnKafka('kafka client, and three brokers', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ brokers: 3, proxied: true });
  }, 660_000);
  afterAll(() => cluster?.stop());

  const create = async (topic: string): Promise<void> => {
    const judge = await openJudge(cluster);
    await judge.createTopic(topic, { partitions: PARTITIONS, replication: 3, config: { 'min.insync.replicas': '2' } });
    await judge.close();
  };
  const leaderOf = (partition: number) =>
    judging(
      cluster,
      async ({ admin }) => {
        const { partitions } = (await admin.fetchTopicMetadata({ topics: [TOPIC] })).topics[0]!;
        const { leader } = partitions.find(({ partitionId }) => partitionId === partition)!;
        return cluster.brokers.find(({ id }) => id === leader)!;
      },
      30_000,
    );

  it('should be written to and read by the command line', async () => {
    await create('three');
    const env = { KAFKA_BOOTSTRAP_SERVER: cluster.bootstrap.PLAINTEXT.join(',') };
    const on = ['graphs/client.yaml', '--binding', 'app', '--topic', 'three'];
    const lines = Array.from({ length: 100 }, (_, n) => `k${n}:${n}`);
    const produced = await sluice(['produce', ...on, '--key-separator', ':'], env, `${lines.join('\n')}\n`);
    expect(produced).toEqual({ code: 0, out: '', err: '100 records acknowledged\n' });
    const { out } = await sluice(['consume', ...on, '--from', 'earliest', '--until', 'latest', '--json'], env);
    const records = printed(out) as { partition: number; offset: number; key: string; value: string }[];
    for (const record of records) {
      expect(record).toEqual({
        topic: 'three',
        partition: expect.any(Number),
        offset: expect.any(Number),
        timestamp: expect.any(Number),
        key: `k${record.value}`,
        value: expect.any(String),
        headers: [],
      });
    }
    expect(new Set(records.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(100);
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(PARTITIONS);
    expect(records.map(({ key, value }) => `${key}:${value}`).sort()).toEqual([...lines].sort());
  });

  it('should have once and in order what many produced through a cache pair, and nothing that was aborted', async () => {
    const options = { topic: 'through-a-pair', producers: 200, records: 12, large: 2 };
    const { acked, retried, mistakes } = await pairStorm(cluster, options);
    expect(mistakes).toEqual([]);
    expect(acked).toBeGreaterThanOrEqual(150 * 12);
    expect(retried).toBeGreaterThan(0);
  });

  it('should lose, repeat and reorder nothing while connections, responses, a leader and a broker are lost', async () => {
    await create(TOPIC);
    const retried = new Set<string>();
    const open = () =>
      client(tcpClient(), {
        servers: serversOf(cluster),
        requestTimeout: 2_000,
        metadataMaxAge: 1_000,
        maxBackoff: 500,
        onRetry: ({ code }) => retried.add(code),
      });
    const merged = { api: 'merged', topic: TOPIC, from: { default: 'earliest' } } as const;
    // Two clients, so that what breaks for one of them need not break for the other.
    const reader = new Subscriber(open(), { ...merged, capabilities: 'fetch' });
    const writer = new Subscriber(open(), { ...merged, capabilities: 'produce' });
    await reader.until(() => reader.marks.length > 0);

    const proxies = cluster.brokers.map(({ proxy }) => proxy!);
    const happened: Promise<unknown>[] = [];
    let killed = await leaderOf(0);
    for (let n = 0; n < RECORDS; n += 1) {
      writer.send({ key: `k${n % 97}`, value: `${n}`, partition: n % PARTITIONS });
      if (n % 100 === 99) await sleep(100);
      if (n % 900 === 500) proxies[((n / 100) % 3) | 0]!.cut();
      if (n % 1_300 === 700) proxies[((n / 100) % 3) | 0]!.dropResponse();
      if (n === 4_000) await killed.kill();
      if (n === 8_000) await killed.start();
      if (n === 12_000) {
        killed = await leaderOf(1);
        killed.pause();
        happened.push(sleep(8_000).then(() => killed.resume()));
      }
    }
    writer.end();
    await writer.over;
    await Promise.all(happened);
    for (const proxy of proxies) proxy.heal();
    await reader.until(() => reader.records.length >= RECORDS);
    // Whatever is there too much would come now.
    await sleep(2_000);
    reader.leave();

    const answered = writer.answers.map((answer, n) =>
      answer.answer === 'produced'
        ? `${answer.partition} ${answer.offset} k${n % 97} ${n}`
        : `${n}: ${answer.fault.message}`,
    );
    const ofPartition = (lines: readonly string[], partition: number): string[] =>
      lines.filter((line) => line.startsWith(`${partition} `));
    const held = await until(async () => {
      const judge = await openJudge(cluster);
      try {
        return (await judge.read(TOPIC)).map(judged);
      } finally {
        await judge.close();
      }
    }, 60_000);
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const sent = Array.from({ length: RECORDS }, (_, n) => n).filter((n) => n % PARTITIONS === partition);
      const expected = sent.map((n, offset) => `${partition} ${offset} k${n % 97} ${n}`);
      expect(ofPartition(answered, partition)).toEqual(expected);
      expect(ofPartition(held.map(lineOf), partition)).toEqual(expected);
      expect(ofPartition(reader.records.map(lineOf), partition)).toEqual(expected);
    }
    expect(answered.length).toBe(RECORDS);
    expect(reader.records.length).toBe(RECORDS);
    expect(reader.marks.filter(({ mark }) => mark === 'gap')).toEqual([]);
    // It was a storm.
    expect(retried.size).toBeGreaterThan(1);
  });
});
