import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { serversOf } from './judged.ts';
import { Subscriber } from './subscriber.ts';

const producing = (topic: string) =>
  ({ api: 'merged', capabilities: 'produce', topic, from: { default: 'latest' } }) as const;

describeKafka('kafka client, producing', (kafka) => {
  let judge: Judge;
  let binding: Binding<Kafka>;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    binding = client(tcpClient(), { servers: serversOf(kafka.access) });
  });
  afterAll(() => judge.close());

  it('should answer each record in order with where it is, and end after the last', async () => {
    await judge.createTopic('produce-merged', { partitions: 3 });
    const stream = new Subscriber(binding, producing('produce-merged'));
    for (let n = 0; n < 3_000; n += 1) stream.send({ key: `k${n % 50}`, value: `${n}` });
    stream.end();
    await stream.over;
    expect(stream.answers.map(({ record }) => record)).toEqual(Array.from({ length: 3_000 }, (_, n) => n));
    const written = await judge.read('produce-merged');
    expect(written).toHaveLength(3_000);
    for (const { partition, offset, value } of written) {
      expect(stream.answers[Number(value?.toString())]).toMatchObject({ answer: 'produced', partition, offset });
    }
    // As Kafka's own clients place them: the judge's do by the same hash.
    await judge.createTopic('produce-judge', { partitions: 3 });
    await judge.write(
      'produce-judge',
      Array.from({ length: 50 }, (_, n) => ({ key: `k${n}`, value: '' })),
    );
    const placed = new Map((await judge.read('produce-judge')).map(({ key, partition }) => [`${key}`, partition]));
    for (const { key, partition } of written) expect([`${key}`, partition]).toEqual([`${key}`, placed.get(`${key}`)]);
  });

  it.each(['none', 'gzip'] as const)(
    'should write headers, nulls and tombstones as they are, with %s',
    async (compression) => {
      const topic = `produce-${compression}`;
      await judge.createTopic(topic);
      const own = client(tcpClient(), { servers: serversOf(kafka.access), compression });
      const stream = new Subscriber(own, producing(topic));
      stream.send({
        key: null,
        value: 'a',
        headers: [
          ['h', 'one'],
          ['h', 'two'],
          ['n', null],
        ],
      });
      stream.send({ key: 'k', value: null });
      stream.end();
      await stream.over;
      const [first, second] = await judge.read(topic);
      expect(first?.key).toBeNull();
      expect(first?.headers.h).toEqual([Buffer.from('one'), Buffer.from('two')]);
      expect(second).toMatchObject({ key: Buffer.from('k'), value: null });
    },
  );

  it('should refuse a record that is too large, and go on', async () => {
    await judge.createTopic('produce-large');
    const stream = new Subscriber(binding, producing('produce-large'));
    stream.send({ key: null, value: 'before' });
    stream.send({ key: null, value: 'x'.repeat(3 << 20) });
    stream.send({ key: null, value: 'after' });
    stream.end();
    await stream.over;
    expect(stream.answers).toMatchObject([
      { answer: 'produced', offset: 0n },
      { answer: 'refused', fault: { code: 'KAFKA_RECORD_TOO_LARGE' } },
      { answer: 'produced', offset: 1n },
    ]);
  });

  it('should abort with Kafka’s code where the topic cannot be', async () => {
    const stream = new Subscriber(binding, producing('no such/topic'));
    stream.send({ key: null, value: 'x' });
    await expect(stream.over).rejects.toMatchObject({ kafka: { name: 'INVALID_TOPIC_EXCEPTION' } });
  });

  it('should read what it writes on a stream that does both', async () => {
    await judge.createTopic('produce-both', { partitions: 2 });
    const stream = new Subscriber(binding, { ...producing('produce-both'), capabilities: 'both' });
    await stream.until(() => stream.begun !== undefined);
    for (let n = 0; n < 10; n += 1) stream.send({ key: `${n}`, value: `${n}` });
    await stream.until(() => stream.records.length === 10 && stream.answers.length === 10);
    for (const { partition, offset, value } of stream.records) {
      expect(stream.answers[Number(value)]).toMatchObject({ partition, offset });
    }
    stream.end();
    await stream.over;
  });
});
