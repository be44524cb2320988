import type { RecordBatch } from '../../src/protocol/kafka-batch.ts';
import { BatchBuilder, renumber } from '../../src/records/batch-builder.ts';
import { codecNamed } from '../../src/records/codecs/index.ts';
import * as header from '../../src/records/header.ts';
import { batchesOf } from '../../src/records/record-batch.ts';
import { eventLoop } from '../../src/scheduler.ts';

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
      const builder = new BatchBuilder(1 << 30, 4 << 20);
      for (let number = next; number < next + each; number += 1)
        for (let key = partition; key < keys; key += partitions)
          builder.add({
            key: Buffer.from(`${key}`),
            value: Buffer.from(`${number}${filling}`),
            headers: [],
            timestamp,
          });
      const bytes = Buffer.from(builder.finish(codecNamed('none')).bytes);
      bytes.writeBigInt64BE(offset, header.BASE_OFFSET);
      renumber(bytes, { id: -1n, epoch: -1, baseSequence: -1 });
      offsets[partition] = offset + BigInt(builder.count);
      const [made] = batchesOf(bytes, 'numbered');
      return made as RecordBatch;
    });
    next += each;
    return batches;
  };
}
