import { setTimeout as sleep } from 'node:timers/promises';
import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import type { Isolation, Kafka } from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { judged, serversOf } from './judged.ts';
import { readToEnd } from './subscriber.ts';

const all = (topic: string, isolation: Isolation = 'read_committed') =>
  ({
    api: 'merged',
    capabilities: 'fetch',
    topic,
    from: { default: 'earliest' },
    until: 'latest',
    isolation,
  }) as const;

describeKafka('kafka client, at the end of a topic', (kafka) => {
  let judge: Judge;
  let binding: Binding<Kafka>;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    binding = client(tcpClient(), { servers: serversOf(kafka.access) });
  });
  afterAll(() => judge.close());

  const transactional = async (id: string) => {
    const producer = judge.kafka.producer({ transactionalId: id, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    return producer;
  };

  it('should end where compaction left holes, and at what was aborted', async () => {
    const topic = 'ends-compacted';
    const config = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01' };
    await judge.createTopic(topic, { config: { ...config, 'segment.ms': '100' } });
    for (let batch = 0; batch < 3; batch += 1) {
      const records = Array.from({ length: 100 }, (_, n) => ({ key: `k${n % 10}`, value: `${batch}/${n}` }));
      await judge.write(topic, records);
      await sleep(150);
    }
    // The last segment is never compacted: what it has is a record, and one that was aborted.
    await judge.write(topic, [{ key: 'last', value: 'last' }]);
    await judge.configure(topic, config);
    const producer = await transactional(topic);
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ key: 'k0', value: 'aborted' }] });
    await transaction.abort();
    await judge.decided(topic);
    await producer.disconnect();
    await until(async () => expect((await judge.read(topic)).length).toBeLessThanOrEqual(11));
    const [{ high } = { high: '' }] = await judge.admin.fetchTopicOffsets(topic);
    expect(high).toBe('303');
    for (const isolation of ['read_committed', 'read_uncommitted'] as const) {
      const read = await readToEnd(binding, all(topic, isolation));
      const truth = (await judge.read(topic, isolation)).map(judged);
      expect(read.records.map((record) => ({ ...record, aborted: false }))).toEqual(truth);
      expect(read.records.filter(({ aborted }) => aborted).map(({ value }) => value)).toEqual(
        isolation === 'read_committed' ? [] : ['aborted'],
      );
      expect(read.marks.at(-1)).toEqual({ mark: 'caught-up' });
      expect(read.marks.filter(({ mark }) => mark === 'progress').at(-1)).toMatchObject({
        offsets: new Map([[0, 303n]]),
      });
      expect(read.marks.filter(({ mark }) => mark === 'gap')).toEqual([]);
    }
    // From within a hole, too.
    const within = await readToEnd(binding, { ...all(topic), from: { default: { offset: 150n } } });
    expect(within.records).toEqual((await judge.read(topic)).map(judged).filter(({ offset }) => offset >= 150n));
  });

  it('should read interleaved transactions as the judge does, whichever way they end, and however one began', async () => {
    const topic = 'ends-interleaved';
    await judge.createTopic(topic, { partitions: 2 });
    const producers = await Promise.all(['a', 'b', 'c'].map((id) => transactional(`${topic}-${id}`)));
    const outcomes = { a: 'commit', b: 'abort', c: 'commit' } as const;
    const aborted = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      const open = await Promise.all(producers.map((producer) => producer.transaction()));
      for (let n = 0; n < 3; n += 1) {
        for (const [index, transaction] of open.entries()) {
          const value = `${round}/${index}/${n}`;
          await transaction.send({ topic, messages: [{ key: value, value, partition: n % 2 }] });
          if (outcomes['abc'[(index + round) % 3] as 'a'] !== 'commit') aborted.add(value);
        }
        await judge.write(topic, [{ value: `plain ${round}/${n}`, partition: n % 2 }]);
      }
      for (const [index, transaction] of open.entries())
        await transaction[outcomes['abc'[(index + round) % 3] as 'a']]();
    }
    await judge.decided(topic);
    const left = await (producers[0] as (typeof producers)[number]).transaction();
    await left.send({ topic, messages: [{ value: 'left open', partition: 0 }] });
    await judge.write(topic, [{ value: 'behind it', partition: 0 }]);

    const read = async (isolation: Isolation) => {
      const { records } = await readToEnd(binding, all(topic, isolation));
      return records.sort((x, y) => x.partition - y.partition || Number(x.offset - y.offset));
    };
    const committed = await read('read_committed');
    expect(committed).toEqual((await judge.read(topic)).map(judged));
    expect(committed.filter(({ value }) => value === 'behind it')).toEqual([]);
    const everything = await read('read_uncommitted');
    const truth = (await judge.read(topic, 'read_uncommitted')).map(judged);
    expect(everything).toEqual(truth.map((one) => ({ ...one, aborted: aborted.has(one.value ?? '') })));
    expect(aborted.size).toBe(36);
    await left.commit();
    await judge.decided(topic);
    expect(await read('read_committed')).toEqual((await judge.read(topic)).map(judged));
    for (const producer of producers) await producer.disconnect();
  });

  it('should begin at a time in every partition, as the judge finds it', async () => {
    const topic = 'ends-times';
    await judge.createTopic(topic, { partitions: 3 });
    const hour = Date.now() - 3_600_000;
    await judge.write(
      topic,
      Array.from({ length: 300 }, (_, n) => ({ value: `${n}`, partition: n % 3, timestamp: hour + n * 1_000 })),
    );
    for (const at of [hour - 1, hour + 100_500, hour + 299_000, hour + 1_000_000]) {
      const offsets = await judge.admin.fetchTopicOffsetsByTimestamp(topic, at);
      const read = await readToEnd(binding, { ...all(topic), from: { default: { timestamp: BigInt(at) } } });
      const from = new Map(offsets.map(({ partition, offset }) => [partition, BigInt(offset)]));
      const truth = (await judge.read(topic)).map(judged);
      expect(read.records.sort((x, y) => x.partition - y.partition || Number(x.offset - y.offset))).toEqual(
        truth.filter(({ partition, offset }) => offset >= (from.get(partition) as bigint)),
      );
    }
  });
});
