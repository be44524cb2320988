import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stage } from '../../operators/flow/stage.ts';
import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { produceInFragments, type ToSend } from './fragment-producer.ts';
import { serversOf } from './judged.ts';

jest.setTimeout(120_000);

const PARTITIONS = 6;
const PRODUCERS = 60;
const LARGEST = 8 << 20;

/** The records of a producer: most under 10 KB, and of every tenth producer one of several MB. */
const recordsOf = (producer: number): ToSend[] =>
  Array.from({ length: 20 }, (_, n) => {
    const isLarge = producer % 10 === 0 && n === 7;
    return {
      key: `${producer}/${n}`,
      value: randomBytes(isLarge ? randomInt(2 << 20, 5 << 20) : randomInt(0, 10_000)),
      partition: randomInt(PARTITIONS),
    };
  });

describeKafka('stage in front of kafka client', (kafka) => {
  let judge: Judge;
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'stage-'));
    judge = await openJudge(kafka.access);
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true, force: true });
    await judge.close();
  });

  const open = (options = {}) =>
    stage({ store: directory, window: 64 * 1024, maxMessageBytes: LARGEST, ...options })(
      client(tcpClient(), { servers: serversOf(kafka.access), maxRequestSize: LARGEST }),
    );

  it('should write what is acked once, in order of each producer and partition, and nothing that is aborted', async () => {
    await judge.createTopic('stage', { partitions: PARTITIONS, config: { 'max.message.bytes': `${LARGEST}` } });
    const binding = open();
    const producers = await Promise.all(
      Array.from({ length: PRODUCERS }, async (_, producer) => {
        const records = recordsOf(producer);
        const aborts = producer % 4 === 3;
        return { records, aborts, ...(await produceInFragments(binding, 'stage', records, aborts)) };
      }),
    );
    await until(async () => readdirSync(directory).length === 0);
    const written = await judge.read('stage');
    const found = new Map(written.map((record) => [`${record.key}`, record]));
    expect(found.size).toBe(written.length);
    for (const { records, aborts, answers, ending } of producers) {
      expect(ending).toBe(aborts ? 'abort' : 'end');
      if (!aborts) expect(answers).toHaveLength(records.length);
      for (const answer of answers) {
        const { key, value, partition } = records[answer.record] as ToSend;
        expect(answer).toMatchObject({ answer: 'produced', partition, offset: found.get(key)?.offset });
        expect(found.get(key)?.partition).toBe(partition);
        expect(found.get(key)?.value?.equals(value)).toBe(true);
      }
      if (aborts) expect(found.has(records.at(-1)?.key as string)).toBe(false);
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const offsets = records
          .filter((record) => record.partition === partition && found.has(record.key))
          .map(({ key }) => Number(found.get(key)?.offset));
        expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      }
    }
  });

  it('should refuse what the topic does not take, with its limit, and go on', async () => {
    await judge.createTopic('stage-limit');
    const records = [10, 2_000_000, 20].map((size, n) => ({ key: `${n}`, value: randomBytes(size), partition: 0 }));
    const { answers } = await produceInFragments(open({ maxMessageBytes: 1_000_000 }), 'stage-limit', records);
    expect(answers).toMatchObject([
      { answer: 'produced', offset: 0n },
      { answer: 'refused', fault: { code: 'KAFKA_RECORD_TOO_LARGE', kafka: { name: 'MESSAGE_TOO_LARGE' } } },
      { answer: 'produced', offset: 1n },
    ]);
  });
});
