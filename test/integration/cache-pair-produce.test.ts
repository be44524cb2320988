import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '../../graphs/index.ts';
import { cacheClient } from '../../operators/kafka/cache-client.ts';
import { cacheServer } from '../../operators/kafka/cache-server.ts';
import { client, type KafkaClientOptions } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { produceInFragments } from './fragment-producer.ts';
import { judged, serversOf } from './judged.ts';
import { sluice } from './sluice.ts';
import { readToEnd, Subscriber } from './subscriber.ts';

jest.setTimeout(60_000);

const PARTITIONS = 3;

describeKafka('producing through a cache', (kafka) => {
  let judge: Judge;
  let dir: string;
  let pair: Binding<Kafka>;
  const open = (options: Partial<KafkaClientOptions> = {}): Binding<Kafka> => {
    const at = mkdtempSync(join(dir, 'pair-'));
    const broker = client(tcpClient(), { servers: serversOf(kafka.access), ...options });
    return cacheClient(cacheServer(broker, { dir: join(at, 'server'), grace: 0 }), {
      dir: join(at, 'client'),
      grace: 1,
    });
  };
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    dir = mkdtempSync(join(tmpdir(), 'sluice-pair-'));
    pair = open();
  });
  afterAll(async () => {
    await judge.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('should let a stream that does both read its own records, at the offsets that it was told', async () => {
    await judge.createTopic('own', { partitions: PARTITIONS });
    const merged = { api: 'merged', topic: 'own', from: { default: 'earliest' } } as const;
    const stream = new Subscriber(pair, { ...merged, capabilities: 'both' });
    for (let n = 0; n < 300; n += 1) stream.send({ key: `${n % 7}`, value: `${n}`, headers: [['n', `${n}`]] });
    await stream.until(() => stream.answers.length === 300 && stream.records.length === 300);
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const offsets = stream.records.filter((record) => record.partition === partition).map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.map((_, offset) => BigInt(offset)));
    }
    const answers = [...stream.answers].sort((a, b) => a.record - b.record);
    for (const { value, partition, offset } of stream.records)
      expect(answers[Number(value)]).toMatchObject({
        answer: 'produced',
        record: Number(value),
        partition,
        offset,
      });
    const at = (record: (typeof stream.records)[number]): string => `${record.partition}/${record.offset}`;
    const held = (await judge.read('own')).map(judged);
    expect([...stream.records].sort((a, b) => (at(a) < at(b) ? -1 : 1))).toEqual(
      held.sort((a, b) => (at(a) < at(b) ? -1 : 1)),
    );
    stream.end();
    await stream.over;

    // What an answer tells is where a fetch goes on.
    const { partition, offset } = answers[200] as { partition: number; offset: bigint };
    const rest = await readToEnd(pair, { api: 'fetch', topic: 'own', partition, from: { offset }, until: 'latest' });
    expect(rest.records).toEqual(held.filter((record) => record.partition === partition && record.offset >= offset));
    expect(rest.records[0]?.value).toBe('200');
  });

  it('should end a stream that does both behind its last answer, and a bounded one when all is read, too', async () => {
    const merged = { api: 'merged', topic: 'own', capabilities: 'both' } as const;
    const live = new Subscriber(pair, { ...merged, from: { default: 'latest' } });
    live.send({ key: null, value: 'last' });
    live.end();
    await live.over;
    expect(live.answers).toMatchObject([{ answer: 'produced', record: 0 }]);
    const bounded = new Subscriber(pair, { ...merged, from: { default: 'earliest' }, until: 'latest' });
    bounded.send({ key: null, value: 'later' });
    bounded.end();
    await bounded.over;
    expect(bounded.answers).toHaveLength(1);
    expect(bounded.records.length).toBeGreaterThan(300);
  });

  it('should send each record where it says, by its key or hash key, or in turn, with the acks that it says', async () => {
    await judge.createTopic('routed', { partitions: PARTITIONS });
    const produced = new Subscriber(pair, { api: 'merged', topic: 'routed', capabilities: 'produce', acks: 'none' });
    for (const key of ['a', 'b', 'c', 'd']) produced.send({ key, value: 'by key' });
    for (let n = 0; n < 3; n += 1) produced.send({ value: 'in turn', acks: 'all' });
    produced.send({ key: 'a', value: 'named', partition: 2, acks: 'leader' });
    produced.end();
    await produced.over;
    const reference = new Subscriber(client(tcpClient(), { servers: serversOf(kafka.access) }), {
      ...{ api: 'merged', topic: 'routed', capabilities: 'produce' },
    });
    for (const key of ['a', 'b', 'c', 'd']) reference.send({ key, value: 'reference' });
    reference.end();
    await reference.over;
    const partitions = (answers: readonly unknown[]) =>
      (answers as { partition: number }[]).map((one) => one.partition);
    const byRecord = [...produced.answers].sort((a, b) => a.record - b.record);
    expect(partitions(byRecord.slice(0, 4))).toEqual(partitions(reference.answers));
    expect(partitions(byRecord.slice(4, 7)).sort()).toEqual([0, 1, 2]);
    expect(byRecord.slice(0, 4).every((one) => 'offset' in one && one.offset === -1n)).toBe(true);
    expect(byRecord[7]).toMatchObject({ partition: 2, offset: expect.any(BigInt) });
  });

  it('should take a record as large as its topic does, and refuse a larger one with that limit', async () => {
    await judge.createTopic('large', { config: { 'max.message.bytes': '3000000' } });
    const sizes = [2_900_000, 3_100_000, 10];
    const records = sizes.map((size, n) => ({ key: `${n}`, value: randomBytes(size), partition: 0 }));
    for (const binding of [pair, client(tcpClient(), { servers: serversOf(kafka.access) })]) {
      const { answers } = await produceInFragments(binding, 'large', records);
      expect([...answers].sort((a, b) => a.record - b.record)).toMatchObject([
        { answer: 'produced' },
        {
          answer: 'refused',
          fault: { code: 'KAFKA_RECORD_TOO_LARGE', message: expect.stringContaining('the limit is 3000000') },
        },
        { answer: 'produced' },
      ]);
    }
    expect((await judge.read('large')).map(({ value }) => value?.length)).toEqual([2_900_000, 10, 2_900_000, 10]);
  });

  it('should make a topic that is missing where its cluster does, and not cache what is only produced to', async () => {
    const produced = new Subscriber(pair, { api: 'merged', topic: 'not-there', capabilities: 'produce' });
    produced.send({ value: 'x' });
    produced.end();
    await expect(produced.over).rejects.toMatchObject({ kafka: { name: 'UNKNOWN_TOPIC_OR_PARTITION' } });
    const at = mkdtempSync(join(dir, 'fresh-'));
    const server = cacheServer(client(tcpClient(), { servers: serversOf(kafka.access) }), {
      dir: join(at, 'server'),
      grace: 0,
    });
    await produceInFragments(cacheClient(server, { dir: join(at, 'client'), grace: 1 }), 'routed', [
      { key: 'k', value: randomBytes(600_000), partition: 0 },
    ]);
    expect(readdirSync(join(at, 'server')).filter((name) => name !== 'staged')).toEqual([]);
  });

  it('should be produced through by the command line, many at once', async () => {
    await judge.createTopic('piped', { partitions: PARTITIONS });
    const env = { KAFKA_BOOTSTRAP_SERVER: kafka.access.bootstrap.PLAINTEXT.join(',') };
    const state = mkdtempSync(join(dir, 'cli-'));
    const runs = Array.from({ length: 2 }, (_, run) => {
      const lines = Array.from({ length: 200 }, (_, n) => `${run}:${n}`).join('\n');
      const args = ['produce', 'graphs/cache.yaml', '--binding', 'app', '--topic', 'piped', '--key-separator', ':'];
      return sluice([...args, '--dir', state], env, `${lines}\n`);
    });
    for (const run of await Promise.all(runs))
      expect(run).toEqual({ code: 0, out: '', err: '200 records acknowledged\n' });
    const held = (await judge.read('piped')).map(judged);
    for (const run of ['0', '1'])
      expect(held.filter(({ key }) => key === run).map(({ value }) => value)).toEqual(
        Array.from({ length: 200 }, (_, n) => `${n}`),
      );
  });

  it('should take what an application produces, through a graph', async () => {
    const config = { name: 'x', bindings: {} };
    const graph = compile(config, { bindings: { app: pair } });
    const producer = graph.produce('app', { topic: 'own', value: 'json' });
    const { partition, offset } = await producer.send({ key: 'k', value: { total: 5 } });
    const messages = graph.messages('app', {
      ...{ topic: 'own', value: 'json', until: 'latest' },
      from: { partitions: { [partition]: offset }, default: 'latest' },
    } as const);
    const got: unknown[] = [];
    for await (const { value } of messages) got.push(value);
    expect(got).toEqual([{ total: 5 }]);
    await producer.close();
  });
});
