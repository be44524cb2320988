import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import type { From, Kafka, KafkaBegin } from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { judged, serversOf } from './judged.ts';
import { readToEnd, Subscriber } from './subscriber.ts';

/** Retention would take what is older than a week. */
const NOW = Date.now() - 3_600_000;

/** A topic's id, as Kafka's tools print it. */
const TOPIC_ID = /^[\w-]{22}$/;

/** A merged stream over all that is there. */
const all = (topic: string, more: Partial<Extract<KafkaBegin, { api: 'merged' }>> = {}): KafkaBegin => ({
  api: 'merged',
  capabilities: 'fetch',
  topic,
  from: { default: 'earliest' },
  until: 'latest',
  ...more,
});

const byPartition = <T extends { partition: number }>(records: readonly T[]): T[] =>
  [...records].sort((a, b) => a.partition - b.partition);

describeKafka('kafka client, reading', (kafka) => {
  let judge: Judge;
  let binding: Binding<Kafka>;
  const retried: string[] = [];
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    binding = client(tcpClient(), {
      servers: serversOf(kafka.access),
      metadataMaxAge: 500,
      onRetry: ({ message }) => retried.push(message),
    });
  });
  afterAll(() => judge.close());

  it('should send every record of every partition in order, and end', async () => {
    await judge.createTopic('read-all', { partitions: 6 });
    await judge.write(
      'read-all',
      Array.from({ length: 5_000 }, (_, n) => ({
        key: n % 7 === 0 ? null : `k${n % 100}`,
        value: n % 11 === 0 ? null : `v${n}`,
        headers: { a: [`${n}`, 'again'], b: 'once' },
      })),
    );
    const read = await readToEnd(binding, all('read-all'), { credit: 20_000 });
    expect(byPartition(read.records)).toEqual((await judge.read('read-all')).map(judged));
    expect(read.begun).toMatchObject({ api: 'merged', cleanupPolicy: 'delete' });
    expect(read.marks).toEqual([{ mark: 'caught-up' }]);
  });

  it('should end at once on an empty topic, and at its end on one that has been emptied', async () => {
    await judge.createTopic('read-empty', { partitions: 3 });
    const empty = await readToEnd(binding, all('read-empty'), { credit: 1 });
    expect(empty.records).toEqual([]);
    await judge.write('read-empty', [
      { value: 'a', partition: 0 },
      { value: 'b', partition: 0 },
    ]);
    await judge.deleteRecords('read-empty', 0, -1n);
    const emptied = await readToEnd(binding, all('read-empty'));
    expect(emptied.records).toEqual([]);
    expect(emptied.marks).toEqual([{ mark: 'caught-up' }]);
  });

  it('should go on live once it is caught up, and find partitions that are new', async () => {
    await judge.createTopic('read-live', { partitions: 1 });
    await judge.write('read-live', [{ value: 'before' }]);
    const live = new Subscriber(binding, all('read-live', { until: undefined as never }));
    await live.until(() => live.marks.length > 0);
    expect(live.records.map(({ value }) => value)).toEqual(['before']);
    await judge.write('read-live', [{ value: 'after' }]);
    await live.until(() => live.records.length === 2);
    await judge.admin.createPartitions({ topicPartitions: [{ topic: 'read-live', count: 2 }] });
    // The judge's producer keeps what it knows of partitions for minutes.
    const second = await openJudge(kafka.access);
    await until(() => second.write('read-live', [{ value: 'elsewhere', partition: 1 }]));
    await second.close();
    await live.until(() => live.records.some(({ partition }) => partition === 1));
    live.end();
    await live.over;
    expect(live.records.at(-1)).toMatchObject({ value: 'elsewhere', partition: 1, offset: 0n });
  });

  it('should start at an offset, at a time, and at the end', async () => {
    await judge.createTopic('read-from');
    await judge.write(
      'read-from',
      [0, 1, 2, 3].map((n) => ({ value: `${n}`, timestamp: NOW + n * 1_000 })),
    );
    const fetch = (from: From): Promise<Subscriber> =>
      readToEnd(binding, { api: 'fetch', topic: 'read-from', partition: 0, from, until: 'latest' });
    expect((await fetch({ offset: 2n })).records.map(({ offset }) => offset)).toEqual([2n, 3n]);
    expect((await fetch({ timestamp: BigInt(NOW + 500) })).records.map(({ value }) => value)).toEqual(['1', '2', '3']);
    const late = await fetch({ timestamp: BigInt(NOW + 1_000_000) });
    expect(late.records).toEqual([]);
    expect((await fetch('latest')).begun).toEqual({
      api: 'fetch',
      topicId: expect.stringMatching(TOPIC_ID),
      partition: 0,
      offset: 4n,
      lastStableOffset: 4n,
      highWatermark: 4n,
    });
  });

  it('should tell what an explicit offset misses, and not what a fresh start does', async () => {
    await judge.createTopic('read-gap');
    await judge.write(
      'read-gap',
      [0, 1, 2, 3].map((n) => ({ value: `${n}` })),
    );
    await judge.deleteRecords('read-gap', 0, 2n);
    const explicit = await readToEnd(binding, all('read-gap', { from: { default: { offset: 1n } } }));
    expect(explicit.marks).toEqual([
      { mark: 'gap', partition: 0, from: 1n, to: 2n, reason: 'retention' },
      { mark: 'caught-up' },
    ]);
    expect(explicit.records.map(({ value }) => value)).toEqual(['2', '3']);
    const beyond = await readToEnd(binding, all('read-gap', { from: { default: { offset: 9n } } }));
    expect(beyond.marks).toEqual([
      { mark: 'gap', partition: 0, from: 4n, to: 9n, reason: 'out-of-range' },
      { mark: 'caught-up' },
    ]);
    const fresh = await readToEnd(binding, all('read-gap'));
    expect(fresh.marks).toEqual([{ mark: 'caught-up' }]);
  });

  it('should filter by key and header, and tell how far it got', async () => {
    await judge.createTopic('read-filter');
    await judge.write(
      'read-filter',
      Array.from({ length: 25_000 }, (_, n) => ({
        key: `k${n % 5_000}`,
        value: `${n}`,
        headers: { parity: `${n % 2}` },
      })),
    );
    const read = await readToEnd(
      binding,
      all('read-filter', {
        filters: [[{ key: Buffer.from('k3') }, { header: { name: 'parity', value: Buffer.from('1') } }]],
      }),
    );
    expect(read.records.map(({ value }) => value)).toEqual(
      ['3', '5003', '10003', '15003', '20003'].filter((v) => Number(v) % 2),
    );
    expect(read.marks.at(-1)).toEqual({ mark: 'caught-up' });
    expect(read.marks.at(-2)).toMatchObject({ mark: 'progress', partition: 0, offsets: new Map([[0, 25_000n]]) });
  });

  it('should hold back what its receiver does not take', async () => {
    await judge.createTopic('read-slow');
    await judge.write(
      'read-slow',
      Array.from({ length: 800 }, (_, n) => ({ value: `${n}`.padStart(1_000, '.') })),
    );
    const slow = new Subscriber(binding, all('read-slow'), { credit: 5_000, returns: false });
    await slow.until(() => slow.records.length >= 4);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(slow.records.length).toBeLessThanOrEqual(5);
    slow.grant(10_000_000);
    await slow.over;
    expect(slow.records.map(({ offset }) => offset)).toEqual(Array.from({ length: 800 }, (_, n) => BigInt(n)));
  });

  it('should refuse a topic or a partition that there is not, by name', async () => {
    await expect(readToEnd(binding, all('read-none'))).rejects.toMatchObject({
      code: 'KAFKA_ERROR',
      kafka: { code: 3, name: 'UNKNOWN_TOPIC_OR_PARTITION' },
      message: expect.stringContaining('read-none'),
    });
    await judge.createTopic('read-one');
    const begin: KafkaBegin = { api: 'fetch', topic: 'read-one', partition: 7, from: 'earliest' };
    await expect(readToEnd(binding, begin)).rejects.toMatchObject({ message: expect.stringContaining('read-one/7') });
  });

  it('should tell when a topic was deleted and made again', async () => {
    await judge.createTopic('read-again');
    await judge.write('read-again', [{ value: 'old' }]);
    const read = new Subscriber(binding, all('read-again', { until: undefined as never }));
    await read.until(() => read.records.length === 1);
    await judge.deleteTopic('read-again');
    await until(() => judge.createTopic('read-again'));
    await until(() => judge.write('read-again', [{ value: 'new' }]));
    await read.until(() => read.records.length === 2);
    expect(read.records.map(({ value, offset }) => [value, offset])).toEqual([
      ['old', 0n],
      ['new', 0n],
    ]);
    expect(read.marks.filter(({ mark }) => mark === 'gap')).toEqual([
      { mark: 'gap', partition: 0, from: 1n, to: 1n, reason: 'recreated', topicId: expect.stringMatching(TOPIC_ID) },
    ]);
    read.leave();
  });

  it('should answer meta and describe, again when they change', async () => {
    await judge.createTopic('read-meta', { partitions: 2, config: { 'retention.ms': '1000000' } });
    const meta = new Subscriber(binding, { api: 'meta', topic: 'read-meta' });
    const describe = new Subscriber(binding, { api: 'describe', topic: 'read-meta', configs: ['retention.ms'] });
    await meta.until(() => meta.data.length === 1);
    await describe.until(() => describe.data.length === 1);
    await judge.admin.createPartitions({ topicPartitions: [{ topic: 'read-meta', count: 3 }] });
    await judge.configure('read-meta', { 'retention.ms': '2000000' });
    await meta.until(() => meta.data.length === 2);
    await describe.until(() => describe.data.length === 2);
    expect(meta.data.at(-1)).toEqual({
      topicId: expect.stringMatching(/^[\w-]{22}$/),
      partitions: [0, 1, 2].map((partition) => ({ partition, leader: expect.any(Number) })),
    });
    expect(describe.data).toEqual([
      { configs: { 'retention.ms': '1000000' } },
      { configs: { 'retention.ms': '2000000' } },
    ]);
    meta.leave();
    describe.leave();
  });

  it('should show aborted records to those alone who read uncommitted, marked', async () => {
    await judge.createTopic('read-transactions');
    const producer = judge.kafka.producer({
      transactionalId: 'read-transactions',
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    for (const outcome of ['commit', 'abort', 'commit', 'abort'] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: 'read-transactions', messages: [{ value: outcome }] });
      await transaction[outcome]();
    }
    const open = await producer.transaction();
    await open.send({ topic: 'read-transactions', messages: [{ value: 'open' }] });
    const shown = async (isolation: 'read_committed' | 'read_uncommitted') =>
      (await readToEnd(binding, all('read-transactions', { isolation }))).records.map(({ value, aborted }) => [
        value,
        aborted,
      ]);
    expect(await shown('read_committed')).toEqual([
      ['commit', false],
      ['commit', false],
    ]);
    expect(await shown('read_uncommitted')).toEqual([
      ['commit', false],
      ['abort', true],
      ['commit', false],
      ['abort', true],
      ['open', false],
    ]);
    await open.abort();
    const ended = await readToEnd(binding, all('read-transactions'));
    expect(ended.marks.map(({ mark }) => mark)).toEqual(['progress', 'caught-up']);
    await producer.disconnect();
  });
});
