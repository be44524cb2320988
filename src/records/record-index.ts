import { Varints } from './varints.ts';

/** Where each field of a record stands in the index: a row of numbers for every record. */
export const START = 0;
export const END = 1;
export const TIMESTAMP_AT = 2;
export const OFFSET_DELTA = 3;
export const KEY_AT = 4;
/** -1 for null. */
export const KEY_SIZE = 5;
export const VALUE_AT = 6;
/** -1 for null. */
export const VALUE_SIZE = 7;
export const ROW = 8;

/** Whether a field of a row is a place among the bytes. */
export const isPosition = (field: number): boolean =>
  field === START || field === END || field === TIMESTAMP_AT || field === KEY_AT || field === VALUE_AT;

/** The least that a record takes: a byte for each of its fields. */
const LEAST = 7;

/**
 * Goes through the records of a batch once and notes where their fields stand. Nothing is made of them yet, but what
 * is read of them later cannot fail: every bound is checked here.
 *
 * @param count how many there are, which end where the bytes do
 * @param lastDelta the greatest offset, counted from the batch's
 * @throws RangeError
 */
export function indexOf(bytes: Uint8Array, count: number, lastDelta: number): Int32Array {
  if (count > bytes.byteLength / LEAST) throw new RangeError(`${count} records in ${bytes.byteLength} bytes`);
  const index = new Int32Array(count * ROW);
  const from = new Varints(bytes);
  let delta = -1;
  for (let row = 0; row < index.length; row += ROW) {
    index[row + START] = from.at;
    const size = from.int();
    const end = from.at + size;
    if (size < 0 || end > bytes.byteLength) throw new RangeError(`a record of ${size} bytes`);
    index[row + END] = end;
    // Attributes, of which there are none.
    from.at += 1;
    index[row + TIMESTAMP_AT] = from.at;
    from.skip();
    const next = from.int();
    if (next <= delta || next > lastDelta) throw new RangeError(`offset delta ${next} behind ${delta}`);
    index[row + OFFSET_DELTA] = delta = next;
    const keySize = from.int();
    index[row + KEY_SIZE] = keySize;
    index[row + KEY_AT] = from.at;
    pass(from, keySize, end);
    const valueSize = from.int();
    index[row + VALUE_SIZE] = valueSize;
    index[row + VALUE_AT] = from.at;
    pass(from, valueSize, end);
    passHeaders(from, end);
    if (from.at !== end) throw new RangeError(`a record ends at byte ${from.at} and not at ${end}`);
  }
  if (from.at !== bytes.byteLength) throw new RangeError(`${bytes.byteLength - from.at} bytes behind the last record`);
  return index;
}

function passHeaders(from: Varints, end: number): void {
  const count = from.int();
  if (count < 0) throw new RangeError(`${count} headers`);
  for (let n = 0; n < count; n += 1) {
    const nameSize = from.int();
    if (nameSize < 0) throw new RangeError('a header without a name');
    pass(from, nameSize, end);
    pass(from, from.int(), end);
  }
}

/** Passes bytes; a size of -1 stands for null. */
function pass(from: Varints, size: number, end: number): void {
  if (size < -1 || from.at + size > end)
    throw new RangeError(`a field of ${size} bytes, ${end - from.at} before the end`);
  if (size > 0) from.at += size;
}
