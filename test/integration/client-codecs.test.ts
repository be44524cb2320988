import { CompressionTypes } from 'kafkajs';
import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import type { Compression } from '../../src/records/codecs/index.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { tool } from '../broker/tool.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { judged, serversOf } from './judged.ts';
import { type Kept, type Produced, readToEnd, Subscriber } from './subscriber.ts';

const RECORDS = 100_000;
const PARTITIONS = 3;
const NULL = 'NULL';

/** What the console tools are told of how records are written. */
const written = (properties: Readonly<Record<string, string>>, option: string): string[] =>
  Object.entries(properties).flatMap(([name, value]) => [option, `${name}=${value}`]);

const headersOf = (n: number): (readonly [string, string | null])[] =>
  n % 3 === 0
    ? []
    : [
        ['number', `${n}`],
        ['nothing', null],
        ['number', 'again'],
        ['empty', ''],
      ];

/** With null keys, tombstones, repeated headers and null ones; where `binary`, some values are no text. */
const recordOf = (n: number, binary: boolean): Produced => ({
  key: n % 7 === 0 ? null : `key ${n % 1_000}`,
  value: n % 11 === 0 ? null : binary && n % 13 === 0 ? Buffer.from([0, 0xff, 0x0a, n % 256]) : `värde ${n}`,
  headers: headersOf(n),
});

const textOf = (bytes: string | Buffer | null | undefined): string | null =>
  bytes === null || bytes === undefined ? null : Buffer.from(bytes as Buffer).toString('latin1');

/** A record in a line; what is the same there is the same byte for byte. */
const lineOf = ({ key, value, headers = [] }: Pick<Kept, 'key' | 'value' | 'headers'>): string =>
  JSON.stringify([key, value, headers]);

const expectedLine = (n: number, binary: boolean): string => {
  const { key, value, headers = [] } = recordOf(n, binary);
  return lineOf({ key: textOf(key), value: textOf(value), headers });
};

/** In the order in which they were written, which the headers of a partition's records need not tell. */
const sorted = (lines: readonly string[]): string[] => [...lines].sort();

/** Says where two lists part, and not how 100,000 lines differ. */
function expectSame(actual: readonly string[], expected: readonly string[]): void {
  const at = expected.findIndex((line, index) => line !== actual[index]);
  expect([at, actual[at]]).toEqual([-1, actual[-1]]);
  expect(actual.length).toBe(expected.length);
}

/** Bytes as Kafka's `Bytes` prints them: what is not plain ASCII as `\xNN`. */
const printed = (text: string | null): string =>
  text?.replace(/[^ -[\]-~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`) ?? NULL;

describeKafka('100,000 records of each codec', (kafka) => {
  let judge: Judge;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
  });
  afterAll(() => judge.close());

  it.each<Compression>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'should be read by Kafka’s own clients as they were written: %s',
    async (compression) => {
      const topic = `codec-ours-${compression}`;
      await judge.createTopic(topic, { partitions: PARTITIONS });
      const binding = client(tcpClient(), { servers: serversOf(kafka.access), compression });
      const stream = new Subscriber(binding, {
        api: 'merged',
        capabilities: 'produce',
        topic,
        from: { default: 'latest' },
      });
      for (let n = 0; n < RECORDS; n += 1) stream.send(recordOf(n, true));
      stream.end();
      await stream.over;

      const bytes = 'org.apache.kafka.common.serialization.BytesDeserializer';
      const out = await tool('kafka-console-consumer', [
        '--bootstrap-server',
        kafka.access.bootstrap.PLAINTEXT.join(','),
        ...['--topic', topic, '--from-beginning', '--max-messages', `${RECORDS}`, '--timeout-ms', '60000'],
        ...written(
          {
            'print.partition': 'true',
            'print.offset': 'true',
            'print.headers': 'true',
            'print.key': 'true',
            'null.literal': NULL,
            'key.deserializer': bytes,
            'value.deserializer': bytes,
            'headers.deserializer': bytes,
          },
          '--formatter-property',
        ),
      ]);
      // Where each is, its answer said.
      const expected = stream.answers.map((answer, n) => {
        if (answer.answer !== 'produced') throw new Error(JSON.stringify(answer.fault));
        const { key, value, headers = [] } = recordOf(n, true);
        const shown = headers.map(([name, text]) => `${name}:${printed(text)}`).join(',');
        const place = `Partition:${answer.partition}\tOffset:${answer.offset}`;
        return `${place}\t${shown || 'NO_HEADERS'}\t${printed(textOf(key))}\t${printed(textOf(value))}`;
      });
      expectSame(sorted(out.trimEnd().split('\n')), sorted(expected));

      const own = await readToEnd(binding, all(topic));
      expectSame(sorted(own.records.map(lineOf)), sorted(lines(true)));
      if (compression === 'none' || compression === 'gzip') {
        const byPlace = (records: readonly Kept[]): string[] =>
          records.map(({ partition, offset, timestamp, key, value }) =>
            [partition, offset, timestamp, key, value].map(String).join('\t'),
          );
        expectSame(sorted(byPlace((await judge.read(topic)).map(judged))), sorted(byPlace(own.records)));
      }
    },
  );

  it.each<Compression>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'should be read as Kafka’s own clients wrote them: %s',
    async (compression) => {
      const topic = `codec-theirs-${compression}`;
      // The broker, which is Java as well, sees to it that each batch is compressed so.
      const type = compression === 'none' ? 'uncompressed' : compression;
      await judge.createTopic(topic, { partitions: PARTITIONS, config: { 'compression.type': type } });
      const input = Array.from({ length: RECORDS }, (_, n) => {
        const { key, value, headers = [] } = recordOf(n, false);
        const shown = headers.map(([name, text]) => `${name}:${text ?? NULL}`).join(',') || NULL;
        return `${shown}\t${key ?? NULL}\t${value ?? NULL}\n`;
      }).join('');
      await tool(
        'kafka-console-producer',
        [
          ...['--bootstrap-server', kafka.access.bootstrap.PLAINTEXT.join(','), '--topic', topic],
          ...['--compression-codec', compression, '--batch-size', '100000'],
          ...written({ 'parse.headers': 'true', 'parse.key': 'true', 'null.marker': NULL }, '--reader-property'),
        ],
        input,
      );
      const binding = client(tcpClient(), { servers: serversOf(kafka.access) });
      const read = await readToEnd(binding, all(topic));
      expectSame(sorted(read.records.map(lineOf)), sorted(lines(false)));
    },
  );

  it.each([CompressionTypes.None, CompressionTypes.GZIP])(
    'should be read as kafkajs wrote them, in order: %s',
    async (compression) => {
      const topic = `codec-kafkajs-${compression}`;
      await judge.createTopic(topic);
      for (let from = 0; from < RECORDS; from += 10_000) {
        const records = Array.from({ length: 10_000 }, (_, index) => {
          // It cannot write a header that is null.
          const { key, value } = recordOf(from + index, true);
          return { key: key ?? null, value, headers: { number: [`${from + index}`, 'again'] } };
        });
        await judge.write(topic, records, { compression });
      }
      const read = await readToEnd(client(tcpClient(), { servers: serversOf(kafka.access) }), all(topic));
      expectSame(
        read.records.map(lineOf),
        Array.from({ length: RECORDS }, (_, n) => {
          const { key, value } = recordOf(n, true);
          const headers = [['number', `${n}`] as const, ['number', 'again'] as const];
          return lineOf({ key: textOf(key), value: textOf(value), headers });
        }),
      );
    },
  );
});

const all = (topic: string) =>
  ({ api: 'merged', capabilities: 'fetch', topic, from: { default: 'earliest' }, until: 'latest' }) as const;

const lines = (binary: boolean): string[] => Array.from({ length: RECORDS }, (_, n) => expectedLine(n, binary));
