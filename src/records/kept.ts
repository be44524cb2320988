import { crc32c } from '@node-rs/crc32';
import type { RecordBatch } from '../protocol/kafka-batch.ts';
import * as header from './header.ts';
import * as row from './record-index.ts';
import { Varints } from './varints.ts';

/**
 * A batch that is not compressed with only some of its records, as a cleaner writes it: they keep their offsets, and the
 * batch its first and its last.
 *
 * @param index where its records stand, as `indexOf` answers for the bytes behind the header
 * @param kept which of them, ascending; at least one
 */
export function batchWith(batch: RecordBatch, index: Int32Array, kept: readonly number[]): RecordBatch {
  const body = batch.bytes.subarray(header.SIZE);
  const at = (record: number, field: number): number => index[record * row.ROW + field] as number;
  const parts: Uint8Array[] = [batch.bytes.subarray(0, header.SIZE)];
  for (let first = 0; first < kept.length; ) {
    let last = first;
    while (kept[last + 1] === (kept[last] as number) + 1) last += 1;
    parts.push(body.subarray(at(kept[first] as number, row.START), at(kept[last] as number, row.END)));
    first = last + 1;
  }
  const bytes = Buffer.concat(parts);
  const maxTimestamp = batch.isLogAppendTime ? batch.maxTimestamp : newest(batch, body, index, kept);
  bytes.writeInt32BE(bytes.byteLength - header.UNCOUNTED, header.LENGTH);
  bytes.writeBigInt64BE(maxTimestamp, header.MAX_TIMESTAMP);
  bytes.writeInt32BE(kept.length, header.COUNT);
  bytes.writeUInt32BE(crc32c(bytes.subarray(header.ATTRIBUTES)), header.CRC);
  return { ...batch, maxTimestamp, count: kept.length, bytes };
}

function newest({ baseTimestamp }: RecordBatch, body: Uint8Array, index: Int32Array, kept: readonly number[]): bigint {
  const from = new Varints(body);
  let most: bigint | undefined;
  for (const record of kept) {
    from.at = index[record * row.ROW + row.TIMESTAMP_AT] as number;
    const delta = from.long();
    if (most === undefined || delta > most) most = delta;
  }
  return baseTimestamp + (most ?? 0n);
}
