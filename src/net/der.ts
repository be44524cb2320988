/** One ASN.1 value in DER: its tag byte, its content, and all of its bytes. */
export interface Der {
  readonly tag: number;
  readonly content: Buffer;
  readonly bytes: Buffer;
}

export const tags = { sequence: 0x30, constructed0: 0xa0 } as const;

/** The first value in `bytes`. @throws RangeError if there is none, or it is cut short. */
export function parseDer(bytes: Buffer): Der {
  const tag = bytes.readUInt8(0);
  const short = bytes.readUInt8(1);
  const extra = short < 0x80 ? 0 : short & 0x7f;
  if (extra > 4 || short === 0x80) throw new RangeError('a DER length is not one that this build reads');
  const length = extra === 0 ? short : bytes.readUIntBE(2, extra);
  const start = 2 + extra;
  if (start + length > bytes.length) throw new RangeError('a DER value is cut short');
  return { tag, content: bytes.subarray(start, start + length), bytes: bytes.subarray(0, start + length) };
}

/** The values inside a constructed value. */
export function children({ content }: Pick<Der, 'content'>): readonly Der[] {
  const found: Der[] = [];
  for (let at = 0; at < content.length; ) {
    const child = parseDer(content.subarray(at));
    found.push(child);
    at += child.bytes.length;
  }
  return found;
}

/** The child at `path`, one index per level. @throws RangeError if there is none */
export function at(der: Der, ...path: readonly number[]): Der {
  let here = der;
  for (const index of path) {
    const next = children(here)[index];
    if (next === undefined) throw new RangeError('a DER value has too few parts');
    here = next;
  }
  return here;
}

/** An object identifier in dots. */
export function oidOf({ content }: Der): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(value);
      value = 0;
    }
  }
  const [first = 0, ...rest] = parts;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}

/** A small positive integer. */
export const intOf = ({ content }: Der): number => content.readUIntBE(0, content.length);
