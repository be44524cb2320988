import { isUtf8 } from 'node:buffer';
import { oneOf } from '../errors.ts';
import { encodings } from './encoding.ts';

/**
 * What keys or values are read as: `bytes` of their own, a `string`, which must be UTF-8, what `json` parses to, or what a
 * function makes of them. It is given a view, to copy what it keeps; null is null and is not decoded.
 */
export type Decoding = 'bytes' | 'string' | 'json' | DecodingFunction;

export type DecodingFunction = (bytes: Buffer) => unknown;

/** The type of what is read. */
export type Decoded<D extends Decoding> =
  | null
  | (D extends 'bytes'
      ? Buffer
      : D extends 'string'
        ? string
        : D extends 'json'
          ? unknown
          : D extends (bytes: Buffer) => infer T
            ? T
            : never);

/**
 * @param what what messages name it: `key` or `value`
 * @param views whether `bytes` are views rather than copies
 * @throws SluiceError OPTION_INVALID
 */
export function decoderOf(what: string, decoding: Decoding, views: boolean): (bytes: Buffer) => unknown {
  if (typeof decoding === 'function') return decoding;
  switch (oneOf(what, decoding, encodings)) {
    case 'bytes':
      return views ? asIs : copy;
    case 'string':
      return text;
    case 'json':
      return (bytes) => JSON.parse(text(bytes));
  }
}

const asIs = (bytes: Buffer): Buffer => bytes;

const copy = (bytes: Buffer): Buffer => Buffer.from(bytes);

function text(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new TypeError('it is not UTF-8');
}
