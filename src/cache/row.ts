import type { RecordBatch } from '../protocol/kafka-batch.ts';
import { batchesOf } from '../records/record-batch.ts';
import type { Arrived } from './arrived.ts';
import { metaKey, offsetOf, type Place, rowKey } from './keys.ts';
import { seal, unseal } from './sealed.ts';
import type { Entry, Write } from './store.ts';

/** How large rows become: read at once, and written again only while they are small. */
export const ROW_BYTES = 512 << 10;

/** What a row says of itself, kept in memory for all rows. */
export interface RowMeta {
  /** Where the row before it ends. */
  readonly from: bigint;
  readonly to: bigint;
  /** The greatest time of its batches, in milliseconds since 1970; -1 where there are none. */
  readonly maxTimestamp: bigint;
  /** What it takes here, and what its batches took at the source. */
  readonly bytes: number;
  readonly wire: number;
  readonly records: number;
}

/** A stretch of a log as it is stored: consecutive batches, not compressed. */
export interface Row extends RowMeta {
  readonly batches: readonly RecordBatch[];
}

/** Batches in rows that leave no offset out between `from` and `to`. */
export function rowsFrom(from: bigint, to: bigint, arrived: readonly Arrived[]): Row[] {
  const rows: Row[] = [];
  let list: Arrived[] = [];
  let bytes = 0;
  let start = from;
  const close = (end: bigint): void => {
    rows.push(rowOf(start, end, list));
    [list, bytes, start] = [[], 0, end];
  };
  for (const one of arrived) {
    if (list.length > 0 && bytes + one.batch.bytes.byteLength > ROW_BYTES) close(one.batch.baseOffset);
    list.push(one);
    bytes += one.batch.bytes.byteLength;
  }
  if (start < to) close(to);
  return rows;
}

function rowOf(from: bigint, to: bigint, arrived: readonly Arrived[]): Row {
  let [maxTimestamp, bytes, wire, records] = [-1n, 0, 0, 0];
  for (const { batch, wire: size } of arrived) {
    if (batch.maxTimestamp > maxTimestamp) maxTimestamp = batch.maxTimestamp;
    bytes += batch.bytes.byteLength;
    wire += size;
    records += batch.count;
  }
  return { from, to, maxTimestamp, bytes, wire, records, batches: arrived.map(({ batch }) => batch) };
}

const OFFSET = 8;
const META = 40;

/** What stores a row: what it says apart, so that opening a log reads no batches. */
export function writesOf(place: Place, row: Row): Write[] {
  const meta = Buffer.alloc(META);
  meta.writeBigInt64BE(row.to, 0);
  meta.writeBigInt64BE(row.maxTimestamp, 8);
  meta.writeDoubleBE(row.bytes, 16);
  meta.writeDoubleBE(row.wire, 24);
  meta.writeDoubleBE(row.records, 32);
  const [key, data] = [metaKey(place, row.from), rowKey(place, row.from)];
  const batches = row.batches.map(({ bytes }) => bytes);
  return [
    { key, value: seal(key, meta) },
    { key: data, value: seal(data, meta.subarray(0, OFFSET), ...batches) },
  ];
}

/** What removes a row. */
export const removalOf = (place: Place, { from }: RowMeta): Write[] => [
  { key: metaKey(place, from) },
  { key: rowKey(place, from) },
];

/** What a stored row says; nothing if that is not what was stored. */
export function metaOf({ key, value }: Entry): RowMeta | undefined {
  const bytes = unseal(key, value);
  if (bytes?.byteLength !== META) return undefined;
  return {
    from: offsetOf(key),
    to: bytes.readBigInt64BE(0),
    maxTimestamp: bytes.readBigInt64BE(8),
    bytes: bytes.readDoubleBE(16),
    wire: bytes.readDoubleBE(24),
    records: bytes.readDoubleBE(32),
  };
}

/** The row that says so of itself, from what is stored of it; nothing if that is not what was stored, or is another. */
export function readRow(place: Place, meta: RowMeta, stored: Uint8Array | undefined, name: string): Row | undefined {
  const content = unseal(rowKey(place, meta.from), stored);
  if (content === undefined || content.byteLength !== OFFSET + meta.bytes) return undefined;
  if (content.readBigInt64BE(0) !== meta.to) return undefined;
  return { ...meta, batches: [...batchesOf(content.subarray(OFFSET), name, true)] };
}
