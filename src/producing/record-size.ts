import type { BuiltRecord } from '../records/batch-builder.ts';

/** About how many bytes a record takes in a batch. */
export const sizeOf = (record: BuiltRecord): number => sizeWithoutValue(record) + (record.value?.length ?? 0);

/** The same, but for its value. */
export function sizeWithoutValue({ key, headers }: Pick<BuiltRecord, 'key' | 'headers'>): number {
  let size = 16 + (key?.length ?? 0);
  for (const { name, value } of headers) size += 10 + Buffer.byteLength(name) + (value?.length ?? 0);
  return size;
}
