import type { RecordBatch } from '../../src/protocol/kafka-batch.ts';
import { BatchBuilder, renumber } from '../../src/records/batch-builder.ts';
import { codecNamed } from '../../src/records/codecs/index.ts';
import * as header from '../../src/records/header.ts';
import { batchesOf } from '../../src/records/record-batch.ts';
import { eventLoop } from '../../src/scheduler.ts';

type NewRecord = Parameters<BatchBuilder['add']>[0];

/** A batch that begins at an offset, not compressed. */
export function batchAt(offset: bigint, records: readonly NewRecord[]): RecordBatch {
  const builder = new BatchBuilder(1 << 30, 4 << 20);
  for (const record of records) builder.add(record);
  const bytes = Buffer.from(builder.finish(codecNamed('none')).bytes);
  bytes.writeBigInt64BE(offset, header.BASE_OFFSET);
  renumber(bytes, { id: -1n, epoch: -1, baseSequence: -1 });
  const [made] = batchesOf(bytes, 'numbered');
  return made as RecordBatch;
}

/**
 * Makes batches for each partition: so many records of each key, with values of `size` bytes and some, that are numbered by
 * key from 0 on. Key number `n` is in partition `n` modulo the partitions.
 */
export function numberedBatches(keys: number, partitions: number, size = 70): (each: number) => RecordBatch[] {
  const filling = ' '.padEnd(size, 'x');
  const offsets = new Array<bigint>(partitions).fill(0n);
  let next = 0;
  return (each) => {
    const timestamp = BigInt(eventLoop.now());
    const batches = offsets.map((offset, partition) => {
      const records: NewRecord[] = [];
      for (let number = next; number < next + each; number += 1)
        for (let key = partition; key < keys; key += partitions)
          records.push({
            key: Buffer.from(`${key}`),
            value: Buffer.from(`${number}${filling}`),
            headers: [],
            timestamp,
          });
      offsets[partition] = offset + BigInt(records.length);
      return batchAt(offset, records);
    });
    next += each;
    return batches;
  };
}
