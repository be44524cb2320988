import { behind, intAt, Varints } from './varints.ts';

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
  // Asked for once, since a typed array works it out each time.
  const { length } = bytes;
  if (count > length / LEAST) throw new RangeError(`${count} records in ${length} bytes`);
  const index = new Int32Array(count * ROW);
  let delta = -1;
  let at = 0;
  // A row is filled in the order of its fields, and not by their names: what is exported is looked up each time, which
  // takes a third as long as all the rest.
  for (let slot = 0; slot < index.length; ) {
    index[slot++] = at;
    const size = intAt(bytes, at);
    at = behind(bytes, at);
    const end = at + size;
    if (size < 0 || end > length) refuse(`a record of ${size} bytes`);
    index[slot++] = end;
    // Attributes, of which there are none.
    at += 1;
    index[slot++] = at;
    at = behind(bytes, at);
    const next = intAt(bytes, at);
    at = behind(bytes, at);
    if (next <= delta || next > lastDelta) refuse(`offset delta ${next} behind ${delta}`);
    delta = next;
    index[slot++] = delta;
    const keySize = intAt(bytes, at);
    at = behind(bytes, at);
    index[slot++] = at;
    index[slot++] = keySize;
    at = pass(at, keySize);
    const valueSize = intAt(bytes, at);
    at = behind(bytes, at);
    index[slot++] = at;
    index[slot++] = valueSize;
    at = pass(at, valueSize);
    at = bytes[at] === 0 ? at + 1 : passHeaders(bytes, at);
    if (at !== end) refuse(`a record ends at byte ${at} and not at ${end}`);
  }
  if (at !== length) refuse(`${length - at} bytes behind the last record`);
  return index;
}

/** Where the headers end that begin at a place. */
function passHeaders(bytes: Uint8Array, at: number): number {
  const from = new Varints(bytes, at);
  const count = from.int();
  if (count < 0) refuse(`${count} headers`);
  for (let n = 0; n < count; n += 1) {
    const nameSize = from.int();
    if (nameSize < 0) refuse('a header without a name');
    from.at = pass(from.at, nameSize);
    const valueSize = from.int();
    from.at = pass(from.at, valueSize);
  }
  return from.at;
}

/** Where bytes end; a size of -1 stands for null. That they end with their record is seen at its end. */
function pass(at: number, size: number): number {
  if (size > 0) return at + size;
  if (size < -1) refuse(`a field of ${size} bytes`);
  return at;
}

function refuse(why: string): never {
  throw new RangeError(why);
}
