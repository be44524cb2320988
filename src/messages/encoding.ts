import { oneOf, SluiceError } from '../errors.ts';
import { type Bytes, bytesOf } from './bytes.ts';

/** What keys or values are written as: `bytes`, or a string for its UTF-8; a `string`; as `json`; or what a function makes. */
export type Encoding = 'bytes' | 'string' | 'json' | EncodingFunction;

/** Those that have a name. */
export const encodings = ['bytes', 'string', 'json'] as const satisfies Encoding[];

export type EncodingFunction = (value: never) => Bytes;

/** The type of what is written; null is null, and is not encoded. */
export type Encodable<E extends Encoding> =
  | null
  | (E extends 'bytes'
      ? Bytes
      : E extends 'string'
        ? string
        : E extends 'json'
          ? unknown
          : E extends (value: infer T) => Bytes
            ? T
            : never);

export type Encoder = (value: unknown) => Uint8Array | null;

/**
 * @param what what messages name it: `key` or `value`
 * @throws SluiceError OPTION_INVALID; when it encodes, MESSAGE_ENCODE
 */
export function encoderOf(encoding: Encoding, what: string): Encoder {
  const encode =
    typeof encoding === 'function' ? (encoding as (value: unknown) => Bytes) : built[oneOf(what, encoding, encodings)];
  return (value) => {
    if (value === null) return null;
    try {
      return bytesOf(written(encode(value)));
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      throw new SluiceError('MESSAGE_ENCODE', `the ${what} of a record: ${why}`, { cause: thrown });
    }
  };
}

/** What is bytes, or text that stands for them. @throws TypeError */
export function written(value: unknown): Bytes {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  throw new TypeError(`${value === null ? 'null' : typeof value} is neither a string nor bytes`);
}

const built = {
  bytes: written,
  string: (value: unknown): Bytes => {
    if (typeof value === 'string') return value;
    throw new TypeError(`${typeof value} is no string`);
  },
  json: (value: unknown): Bytes => written(JSON.stringify(value)),
};
