import { setTimeout as sleep } from 'node:timers/promises';
import { firstValueFrom } from 'rxjs';
import { tcpClient } from '../../operators/tcp/client.ts';
import { Cluster } from '../../src/kafka/cluster.ts';
import { Producer, type ProducerOptions } from '../../src/kafka/producer/producer.ts';
import type { Produced } from '../../src/producing/produced.ts';
import type { Acks } from '../../src/protocol/kafka.ts';
import type { KafkaError } from '../../src/protocol/kafka-error.ts';
import { type Compression, codecsReady } from '../../src/records/codecs/index.ts';
import type { Access } from '../broker/access.ts';
import { type Cluster as Brokers, startCluster } from '../broker/cluster.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeKafka, describeOwnKafka } from '../broker/use-kafka.ts';
import { lawfully } from '../src/net/peers.ts';

const serversOf = ({ bootstrap }: Access) =>
  bootstrap.PLAINTEXT.map((server) => {
    const [address, port] = server.split(':') as [string, string];
    return { address, port: Number(port) };
  });

/** A producer on a cluster of its own, which answers with promises. */
function open(access: Access, options: ProducerOptions = {}) {
  const { requestTimeout = 30_000 } = options;
  const settings = { metadataMaxAge: 1_000, maxBackoff: 500, requestTimeout };
  const cluster = new Cluster(lawfully(tcpClient()), serversOf(access), settings);
  const producer = new Producer(cluster, { maxBackoff: 500, ...options });
  const send = (topic: string, partition: number, value: string, acks: Acks = 'all'): Promise<Produced> =>
    new Promise((resolve, reject) => {
      const record = { key: null, value: Buffer.from(value), headers: [], timestamp: BigInt(Date.now()) };
      producer.send(topic, partition, record, { acks }, (result: Produced | KafkaError) =>
        'code' in result ? reject(result) : resolve(result),
      );
    });
  const close = (): void => {
    producer.close();
    cluster.close();
  };
  return { send, close };
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`);

describeKafka('a producer and a genuine broker', (kafka) => {
  let judge: Judge;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    await firstValueFrom(codecsReady);
  });
  afterAll(() => judge?.close());

  it.each<[Acks, Compression]>([
    ['all', 'none'],
    ['leader', 'none'],
    ['none', 'none'],
    ['all', 'gzip'],
    ['all', 'snappy'],
    ['all', 'lz4'],
    ['all', 'zstd'],
  ])('writes in order with acks %s and compression %s', async (acks, compression) => {
    const topic = `produced-${acks}-${compression}`;
    await judge.createTopic(topic);
    const { send, close } = open(kafka.access, { compression });
    const produced = await Promise.all(numbers(1_000).map((value) => send(topic, 0, value, acks)));
    expect(produced.map(({ offset }) => `${offset}`)).toEqual(
      acks === 'none' ? numbers(1_000).map(() => '-1') : numbers(1_000),
    );
    // kafkajs reads gzip by itself, and no other.
    const offsets = (): Promise<number> => judge.admin.fetchTopicOffsets(topic).then(([one]) => Number(one!.high));
    await until(async () => expect(await offsets()).toBe(1_000));
    if (compression === 'none' || compression === 'gzip') {
      expect((await judge.read(topic)).map(({ value }) => `${value}`)).toEqual(numbers(1_000));
    }
    close();
  });

  it('splits what the topic finds too large', async () => {
    await judge.createTopic('small', { config: { 'max.message.bytes': '2000' } });
    const { send, close } = open(kafka.access);
    const produced = await Promise.all(numbers(1_000).map((value) => send('small', 0, value)));
    expect(produced.map(({ offset }) => `${offset}`)).toEqual(numbers(1_000));
    await expect(send('small', 0, 'x'.repeat(3_000))).rejects.toThrow('small/0: MESSAGE_TOO_LARGE');
    await send('small', 0, 'last');
    expect((await judge.read('small')).map(({ value }) => `${value}`)).toEqual([...numbers(1_000), 'last']);
    close();
  });

  it('tells which record a compacted topic does not take', async () => {
    await judge.createTopic('keyed', { config: { 'cleanup.policy': 'compact' } });
    const { send, close } = open(kafka.access);
    await expect(send('keyed', 0, 'without a key')).rejects.toThrow(/keyed\/0: INVALID_RECORD/);
    close();
  });
});

describeOwnKafka('a producer and three brokers', () => {
  const PARTITIONS = 6;
  const RECORDS = 20_000;
  const TOPIC = 'chaos';
  let brokers: Brokers;

  beforeAll(async () => {
    brokers = await startCluster({ brokers: 3, proxied: true });
  }, 660_000);
  afterAll(() => brokers?.stop());

  it('loses, doubles and reorders nothing while connections, responses and a leader are lost', async () => {
    const judge = await openJudge(brokers);
    const config = { 'min.insync.replicas': '2' };
    await judge.createTopic(TOPIC, { partitions: PARTITIONS, replication: 3, config });
    // A broker that has not heard of it yet may be asked.
    const { topics } = await until(() => judge.admin.fetchTopicMetadata({ topics: [TOPIC] }));
    const { partitions } = topics[0]!;
    await judge.close();
    const { send, close } = open(brokers, { requestTimeout: 1_500 });

    const acked: string[][] = Array.from({ length: PARTITIONS }, () => []);
    const failures: unknown[] = [];
    const sent: Promise<void>[] = [];
    const proxies = brokers.brokers.map(({ proxy }) => proxy!);
    const killed = brokers.brokers.find(({ id }) => id === partitions[0]!.leader)!;
    let restarted: Promise<unknown> | undefined;
    for (let index = 0; index < RECORDS; index += 1) {
      const partition = index % PARTITIONS;
      const value = `${index}`;
      sent.push(
        send(TOPIC, partition, value).then(
          ({ offset }) => {
            acked[partition]![Number(offset)] = value;
          },
          (error) => {
            failures.push(error);
          },
        ),
      );
      if (index % 100 === 99) await sleep(50);
      // Brokers that have just started take a while for the first answer.
      if (index === 100) await Promise.all(sent);
      if (index % 700 === 600) proxies[((index - 600) / 700) % 3]!.cut();
      if (index % 1_100 === 250) proxies[((index - 250) / 1_100) % 3]!.dropResponse();
      if (index === 6_000) await killed.kill();
      if (index === 14_000) restarted = killed.start();
    }
    await Promise.all(sent);
    await restarted;
    close();

    for (const proxy of proxies) proxy.heal();
    const read = await until(async () => {
      const reader = await openJudge(brokers);
      try {
        return await reader.read(TOPIC);
      } finally {
        await reader.close();
      }
    });
    const held = acked.map((_, partition) =>
      read.filter((record) => record.partition === partition).map(({ value }) => `${value}`),
    );
    expect(failures).toEqual([]);
    expect(held).toEqual(acked);
    expect(held).toEqual(
      acked.map((_, partition) => numbers(RECORDS).filter((value) => Number(value) % PARTITIONS === partition)),
    );
  });
});
