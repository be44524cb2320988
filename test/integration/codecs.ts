import { CompressionTypes } from 'kafkajs';
import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import type { Compression } from '../../src/records/codecs/index.ts';
import type { Access } from '../broker/access.ts';
import type { Judge } from '../broker/judge.ts';
import { tool } from '../broker/tool.ts';
import { judged, serversOf } from './judged.ts';
import { type Kept, type Produced, readToEnd, Subscriber } from './subscriber.ts';

export interface CodecsOptions {
  readonly access: Access;
  readonly judge: Judge;
  /** How many are written of each codec. */
  readonly records: number;
}

export const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const PARTITIONS = 3;
const NULL = 'NULL';

/** Writes records by us, and answers what Kafka's console consumer, kafkajs (where it has the codec) or we read otherwise. */
export async function writtenByUs(
  { access, judge, records }: CodecsOptions,
  compression: Compression,
): Promise<string[]> {
  const topic = `codec-ours-${compression}`;
  await judge.createTopic(topic, { partitions: PARTITIONS });
  const binding = client(tcpClient(), { servers: serversOf(access), compression });
  const stream = new Subscriber(binding, {
    api: 'merged',
    capabilities: 'produce',
    topic,
    from: { default: 'latest' },
  });
  for (let n = 0; n < records; n += 1) stream.send(recordOf(n, true));
  stream.end();
  await stream.over;

  const bytes = 'org.apache.kafka.common.serialization.BytesDeserializer';
  const out = await tool('kafka-console-consumer', [
    ...['--bootstrap-server', access.bootstrap.PLAINTEXT.join(',')],
    ...['--topic', topic, '--from-beginning', '--max-messages', `${records}`, '--timeout-ms', '60000'],
    ...properties(
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
  const own = await readToEnd(binding, all(topic));
  const differences = [
    ...difference('the console consumer', out.trimEnd().split('\n').sort(), expected.sort()),
    ...difference('sluice', own.records.map(lineOf).sort(), linesOf(records, true)),
  ];
  if (compression !== 'none' && compression !== 'gzip') return differences;
  const byPlace = (kept: readonly Kept[]): string[] =>
    kept.map(({ partition, offset, timestamp, key, value }) =>
      [partition, offset, timestamp, key, value].map(String).join('\t'),
    );
  const theirs = byPlace((await judge.read(topic)).map(judged));
  return [...differences, ...difference('kafkajs', theirs.sort(), byPlace(own.records).sort())];
}

/** Writes records by Kafka's console producer, and answers what we read otherwise. */
export async function writtenByKafka(
  { access, judge, records }: CodecsOptions,
  compression: Compression,
): Promise<string[]> {
  const topic = `codec-theirs-${compression}`;
  // The broker, which is Java as well, sees to it that each batch is compressed so.
  const type = compression === 'none' ? 'uncompressed' : compression;
  await judge.createTopic(topic, { partitions: PARTITIONS, config: { 'compression.type': type } });
  const input = Array.from({ length: records }, (_, n) => {
    const { key, value, headers = [] } = recordOf(n, false);
    const shown = headers.map(([name, text]) => `${name}:${text ?? NULL}`).join(',') || NULL;
    return `${shown}\t${key ?? NULL}\t${value ?? NULL}\n`;
  }).join('');
  await tool(
    'kafka-console-producer',
    [
      ...['--bootstrap-server', access.bootstrap.PLAINTEXT.join(','), '--topic', topic],
      ...['--compression-codec', compression, '--batch-size', '100000'],
      ...properties({ 'parse.headers': 'true', 'parse.key': 'true', 'null.marker': NULL }, '--reader-property'),
    ],
    input,
  );
  const read = await readToEnd(client(tcpClient(), { servers: serversOf(access) }), all(topic));
  return difference('sluice', read.records.map(lineOf).sort(), linesOf(records, false));
}

/** Writes records by kafkajs to one partition, and answers what we read otherwise, or in another order. */
export async function writtenByKafkajs(
  { access, judge, records }: CodecsOptions,
  compression: 'none' | 'gzip',
): Promise<string[]> {
  const topic = `codec-kafkajs-${compression}`;
  await judge.createTopic(topic);
  // It cannot write a header that is null.
  const headersOf = (n: number) => [['number', `${n}`] as const, ['number', 'again'] as const];
  for (let from = 0; from < records; from += 10_000) {
    const some = Array.from({ length: Math.min(10_000, records - from) }, (_, index) => {
      const { key, value } = recordOf(from + index, true);
      return { key: key ?? null, value, headers: { number: [`${from + index}`, 'again'] } };
    });
    await judge.write(topic, some, {
      compression: compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None,
    });
  }
  const read = await readToEnd(client(tcpClient(), { servers: serversOf(access) }), all(topic));
  const expected = Array.from({ length: records }, (_, n) => {
    const { key, value } = recordOf(n, true);
    return lineOf({ key: textOf(key), value: textOf(value), headers: headersOf(n) });
  });
  return difference('sluice', read.records.map(lineOf), expected);
}

const all = (topic: string) =>
  ({ api: 'merged', capabilities: 'fetch', topic, from: { default: 'earliest' }, until: 'latest' }) as const;

/** What the console tools are told of how records are written. */
const properties = (values: Readonly<Record<string, string>>, option: string): string[] =>
  Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);

/** With null keys, tombstones, repeated headers and null ones; where `binary`, some values are no text. */
const recordOf = (n: number, binary: boolean): Produced => ({
  key: n % 7 === 0 ? null : `key ${n % 1_000}`,
  value: n % 11 === 0 ? null : binary && n % 13 === 0 ? Buffer.from([0, 0xff, 0x0a, n % 256]) : `värde ${n}`,
  headers:
    n % 3 === 0
      ? []
      : [
          ['number', `${n}`],
          ['nothing', null],
          ['number', 'again'],
          ['empty', ''],
        ],
});

const textOf = (bytes: string | Buffer | null | undefined): string | null =>
  bytes === null || bytes === undefined ? null : Buffer.from(bytes as Buffer).toString('latin1');

/** A record in a line; what is the same there is the same byte for byte. */
const lineOf = ({ key, value, headers }: Pick<Kept, 'key' | 'value' | 'headers'>): string =>
  JSON.stringify([key, value, headers]);

/** All that were written, sorted: which partition has which, their keys do not tell. */
const linesOf = (records: number, binary: boolean): string[] =>
  Array.from({ length: records }, (_, n) => {
    const { key, value, headers = [] } = recordOf(n, binary);
    return lineOf({ key: textOf(key), value: textOf(value), headers });
  }).sort();

/** Says where two lists part, if they do, and not how 100,000 lines differ. */
function difference(reader: string, actual: readonly string[], expected: readonly string[]): string[] {
  if (actual.length !== expected.length) return [`${reader} read ${actual.length} of ${expected.length} records`];
  const at = expected.findIndex((line, index) => line !== actual[index]);
  return at < 0 ? [] : [`${reader} read ${actual[at]} where ${expected[at]} was written`];
}

/** Bytes as Kafka's `Bytes` prints them: what is not plain ASCII as `\xNN`. */
const printed = (text: string | null): string =>
  text?.replace(/[^ -[\]-~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`) ?? NULL;
