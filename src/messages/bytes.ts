import { isUtf8 } from 'node:buffer';

/** Bytes as people write them: a string stands for its UTF-8. */
export type Bytes = string | Uint8Array;

export const bytesOf = (bytes: Bytes): Uint8Array => (typeof bytes === 'string' ? Buffer.from(bytes) : bytes);

/** The same bytes, whose `toString` is their text. */
export const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Bytes as text where they are UTF-8, and as `{"base64": ...}` where they are not; anything else as it is. */
export function readable(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  const buffer = viewOf(value);
  return isUtf8(buffer) ? buffer.toString('utf8') : { base64: buffer.toString('base64') };
}

/** A number where one is exact, else its digits. */
export function integer(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
