import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import type { Kafka, KafkaBegin, KafkaMark } from '../../src/protocol/kafka.ts';
import type { RecordBatch } from '../../src/protocol/kafka-batch.ts';
import type { Binding } from '../../src/protocol.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { serversOf } from './judged.ts';
import { Subscriber } from './subscriber.ts';

jest.setTimeout(30_000);

const watermarks = (marks: readonly KafkaMark[]) => marks.filter(({ mark }) => mark === 'watermark');

describeKafka('kafka client, reading whole batches', (kafka) => {
  let judge: Judge;
  let binding: Binding<Kafka>;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    binding = client(tcpClient(), { servers: serversOf(kafka.access), metadataMaxAge: 500 });
  });
  afterAll(() => judge.close());

  const batches = (topic: string, more: Partial<Extract<KafkaBegin, { api: 'fetch' }>> = {}) =>
    new Subscriber(binding, { api: 'fetch', topic, partition: 0, from: 'earliest', batches: true, ...more });

  it('should send every batch as the broker keeps it, with the markers and the data of transactions', async () => {
    await judge.createTopic('batches', {});
    await judge.write('batches', [{ key: 'a', value: '1' }]);
    const producer = judge.kafka.producer({ transactionalId: 'batches', maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    for (const end of ['commit', 'abort'] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: 'batches', messages: [{ key: 'a', value: end }] });
      await transaction[end]();
    }
    await producer.disconnect();
    const stream = batches('batches', { until: 'latest' });
    await stream.over;
    const all = stream.data as RecordBatch[];
    expect(all.map(({ isControl, isTransactional, count }) => [isControl, isTransactional, count])).toEqual([
      [false, false, 1],
      [false, true, 1],
      [true, true, 1],
      [false, true, 1],
      [true, true, 1],
    ]);
    expect(all.map(({ baseOffset }) => baseOffset)).toEqual([0n, 1n, 2n, 3n, 4n]);
    expect(stream.begun).toMatchObject({ api: 'fetch', offset: 0n, highWatermark: 5n });
    expect(watermarks(stream.marks).at(-1)).toEqual({
      mark: 'watermark',
      partition: 0,
      logStart: 0n,
      highWatermark: 5n,
      lastStableOffset: 5n,
    });
    expect(stream.marks).toContainEqual({ mark: 'caught-up' });
  });

  it('should tell where the log starts once records are deleted, and how far a topic goes that was emptied', async () => {
    await judge.createTopic('batches-start', {});
    await judge.write('batches-start', [{ value: 'a' }, { value: 'b' }]);
    const stream = batches('batches-start');
    await stream.until(() => stream.data.length === 1);
    await judge.deleteRecords('batches-start', 0, -1n);
    await judge.write('batches-start', [{ value: 'c' }]);
    await stream.until(() => stream.data.length === 2);
    await stream.until(() => watermarks(stream.marks).some((mark) => 'logStart' in mark && mark.logStart === 2n));
    stream.leave();
  });

  it('should notice by the epoch of the last record that a log parted from what was read', async () => {
    await judge.createTopic('batches-epoch', {});
    await judge.write('batches-epoch', [{ value: 'a' }, { value: 'b' }]);
    // No leader of this topic has had such an epoch, so that what was read up to it cannot be what is there.
    const stream = batches('batches-epoch', { from: { offset: 2n }, lastEpoch: 0, until: 'latest' });
    await stream.over;
    expect(stream.data).toEqual([]);
    const beyond = batches('batches-epoch', { from: { offset: 9n }, lastEpoch: 0, until: 'latest' });
    await beyond.over;
    expect(beyond.marks).toContainEqual({ mark: 'gap', partition: 0, from: 2n, to: 9n, reason: 'truncated' });
  });
});
