import { createRequire } from 'node:module';
import { crc32c } from '@node-rs/crc32';
import { BatchBuilder, type BuiltRecord, encodedSize } from '../../src/records/batch-builder.ts';
import { codecNamed } from '../../src/records/codecs/index.ts';
import { batchesOf } from '../../src/records/record-batch.ts';
import { runOf } from '../../src/records/record-run.ts';
import { compare, print, type Work } from './measure.ts';

/** The parts of kafkajs's insides that are measured; it is pinned exactly. */
interface TheirFetch {
  decode(body: Buffer): Promise<{
    responses: { partitions: { messages: { readonly key: Buffer | null }[] }[] }[];
  }>;
}
interface TheirProduce {
  encode(): Promise<{ readonly buffer: Buffer }>;
}

const require = createRequire(import.meta.url);
const theirFetch: TheirFetch = require('kafkajs/src/protocol/requests/fetch/v11/response');
const theirProduce: (request: object) => TheirProduce = require('kafkajs/src/protocol/requests/produce/v3/request');
const theirChecksum: (bytes: Buffer) => number = require('kafkajs/src/protocol/recordBatch/crc32C');

/** About as large as a batch is that a busy producer sends. */
const BATCH = 128 * 1024;
const RECORDS = 50_000;
const BASE = 1_700_000_000_000;
/** What the checksum of a batch covers begins here. */
const COVERED = 21;

/** Prints what it costs to read and to write records, beside kafkajs's Fetch and Produce, which never check a checksum. */
export async function benchCodec(): Promise<void> {
  for (const [name, size, headers] of [
    ['100 B', 100, 0],
    ['1 KB', 1_024, 0],
    ['100 B and two headers', 100, 2],
  ] as const) {
    const records = recordsOf(size, headers);
    const bytes = encoded(records);
    print(`decoding records of ${name}, every key read`, await compare(decoding(bytes, records.length)), 'record');
    print(`encoding records of ${name}`, await compare(encoding(records)), 'record');
  }
}

/** As many as a batch has, each of `size` bytes with its key. */
const recordsOf = (size: number, headers: number): BuiltRecord[] =>
  Array.from({ length: Math.ceil(BATCH / size) }, (_, index) => ({
    key: Buffer.from(`key-${String(index).padStart(12, '0')}`),
    value: Buffer.alloc(size - 16, 'x'),
    headers: Array.from({ length: headers }, (_, n) => ({ name: `header-${n}`, value: Buffer.from(`value ${index}`) })),
    timestamp: BigInt(BASE + index),
  }));

function encoded(records: readonly BuiltRecord[]): Buffer {
  const size = encodedSize(records[0] as BuiltRecord) + 8;
  const builder = new BatchBuilder(BATCH * 4, records.length * size);
  for (const record of records) builder.add(record);
  const { bytes } = builder.finish(codecNamed('none'));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What a broker answers to kafkajs's Fetch v11: one partition. */
function theirAnswer(records: Buffer): Buffer {
  const head = Buffer.alloc(63);
  head.writeInt32BE(1, 10);
  head.writeInt16BE(1, 14);
  head.write('t', 16);
  head.writeInt32BE(1, 17);
  head.writeInt32BE(-1, 55);
  head.writeInt32BE(records.length, 59);
  return Buffer.concat([head, records]);
}

function decoding(bytes: Buffer, count: number): Work[] {
  const rounds = Math.ceil(RECORDS / count);
  const answer = theirAnswer(bytes);
  const checksum = (): number => crc32c(bytes.subarray(COVERED));
  const theirs = async (): Promise<number> => {
    let size = 0;
    for (const { partitions } of (await theirFetch.decode(answer)).responses) {
      for (const { messages } of partitions) for (const { key } of messages) size += key?.length ?? 0;
    }
    return size;
  };
  const ours = (isVerified: boolean): number => {
    let size = 0;
    for (const batch of batchesOf(bytes, 'bench/0', isVerified)) {
      const run = runOf(batch, { partition: 0, aborted: false, cap: BATCH * 4, place: 'bench/0' });
      for (let index = 0; run !== undefined && index < run.length; index += 1) size += run.at(index).key?.length ?? 0;
    }
    return size;
  };
  /** Each takes the same bytes, again and again. */
  const work = (name: string, once: () => number | Promise<number>): Work => ({
    name,
    async run() {
      let size = 0;
      for (let round = 0; round < rounds; round += 1) size += await once();
      return units(size, rounds * count);
    },
  });
  return [
    work('kafkajs, no checksum', theirs),
    work('kafkajs, and the same checksum', async () => (checksum() === 0 ? 0 : await theirs())),
    work('kafkajs, and the checksum by its own function', async () =>
      theirChecksum(bytes.subarray(COVERED)) === 0 ? 0 : await theirs(),
    ),
    work('sluice, checksum checked', () => ours(false)),
    work('sluice, no checksum', () => ours(true)),
    work('the checksum alone', checksum),
  ];
}

function encoding(records: readonly BuiltRecord[]): Work[] {
  const rounds = Math.ceil(RECORDS / records.length);
  const messages = records.map(({ key, value, headers, timestamp }) => ({
    key,
    value,
    headers: Object.fromEntries(headers.map((header) => [header.name, header.value])),
    timestamp: Number(timestamp),
  }));
  const topicData = [{ topic: 't', partitions: [{ partition: 0, firstSequence: 0, messages }] }];
  return [
    {
      name: 'kafkajs',
      async run() {
        let size = 0;
        for (let round = 0; round < rounds; round += 1) {
          size += (await theirProduce({ acks: -1, timeout: 1_000, topicData }).encode()).buffer.length;
        }
        return units(size, rounds * records.length);
      },
    },
    {
      name: 'sluice',
      run() {
        let size = 0;
        for (let round = 0; round < rounds; round += 1) size += encoded(records).length;
        return units(size, rounds * records.length);
      },
    },
  ];
}

/** What was done, if anything was: nothing that is measured may be left out for its result not being used. */
const units = (size: number, count: number): number => (size > 0 ? count : Number.NaN);
