import type { RecordBatch } from '../../../src/protocol/kafka-batch.ts';
import { BatchBuilder, renumber } from '../../../src/records/batch-builder.ts';
import { codecNamed } from '../../../src/records/codecs/index.ts';
import * as header from '../../../src/records/header.ts';
import { batchesOf } from '../../../src/records/record-batch.ts';

const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;

export interface Producer {
  readonly id: bigint;
  readonly epoch: number;
}

export interface BatchOptions {
  /** With one, the batch is of its transaction. */
  readonly producer?: Producer;
  readonly isControl?: boolean;
  /** Milliseconds since 1970 of its records: 0 by default. */
  readonly timestamp?: bigint;
}

/** A batch whose first record is at `offset`, as a broker stores it. */
export function batch(
  offset: bigint,
  records: readonly (readonly [key: string | null, value: string | null])[],
  options: BatchOptions = {},
): RecordBatch {
  const bytesOf = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text));
  const all = records.map(([key, value]) => ({ key: bytesOf(key), value: bytesOf(value) }));
  return build(offset, all, options);
}

/** The marker that ends the transaction of a producer. */
export function marker(offset: bigint, producer: Producer, outcome: 'commit' | 'abort', timestamp = 0n): RecordBatch {
  const record = { key: Buffer.from([0, 0, 0, outcome === 'commit' ? 1 : 0]), value: Buffer.alloc(6) };
  return build(offset, [record], { producer, isControl: true, timestamp });
}

function build(
  offset: bigint,
  records: readonly { readonly key: Buffer | null; readonly value: Buffer | null }[],
  { producer, isControl = false, timestamp = 0n }: BatchOptions,
): RecordBatch {
  const builder = new BatchBuilder(1 << 20);
  for (const { key, value } of records) builder.add({ key, value, headers: [], timestamp });
  const bytes = Buffer.from(builder.finish(codecNamed('none')).bytes);
  const attributes = (producer === undefined ? 0 : TRANSACTIONAL) | (isControl ? CONTROL : 0);
  bytes.writeBigInt64BE(offset, header.BASE_OFFSET);
  bytes.writeInt16BE(attributes, header.ATTRIBUTES);
  const { id, epoch } = producer ?? { id: -1n, epoch: -1 };
  renumber(bytes, { id, epoch, baseSequence: -1 });
  const [made] = batchesOf(bytes, 'test');
  return made as RecordBatch;
}
