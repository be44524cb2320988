import { compressSync, uncompressSync } from 'snappy';
import { type Codec, inflating, tooLarge, viewOf } from './codec.ts';

/** What the framing of snappy-java begins with, before two versions; its blocks stand behind their sizes. */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const VERSIONS = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]);
const FRAMING = MAGIC.byteLength + VERSIONS.byteLength;

/** As large as snappy-java makes its blocks. */
const BLOCK = 32 * 1024;

/**
 * Snappy in the framing of snappy-java, which Java's clients write and every client reads; read as well without it, as
 * librdkafka and others write.
 */
export const snappy: Codec = {
  name: 'snappy',
  id: 2,
  compress(bytes) {
    const parts: Uint8Array[] = [MAGIC, VERSIONS];
    for (let at = 0; at < bytes.byteLength; at += BLOCK) {
      const block = compressSync(bytes.subarray(at, at + BLOCK));
      const size = Buffer.alloc(4);
      size.writeInt32BE(block.byteLength);
      parts.push(size, block);
    }
    return Buffer.concat(parts);
  },
  inflate: (bytes, cap) =>
    inflating('snappy', () => {
      const blocks = isFramed(bytes) ? [...blocksOf(bytes)] : [bytes];
      let total = 0;
      for (const block of blocks) total += sizeOf(block);
      if (total > cap) throw tooLarge(cap);
      const inflated = blocks.map((block) => uncompressSync(block) as Buffer);
      return inflated.length === 1 ? (inflated[0] as Buffer) : Buffer.concat(inflated);
    }),
};

const isFramed = (bytes: Uint8Array): boolean => MAGIC.equals(bytes.subarray(0, MAGIC.byteLength));

function* blocksOf(bytes: Uint8Array): Generator<Uint8Array> {
  const view = viewOf(bytes);
  if (bytes.byteLength < FRAMING) throw new RangeError('a framing without its versions');
  for (let at = FRAMING; at < bytes.byteLength; ) {
    const size = view.getInt32(at);
    at += 4;
    if (size <= 0 || size > bytes.byteLength - at) throw new RangeError(`a block of ${size} bytes`);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** What a block says that it inflates to: the number that it begins with. */
function sizeOf(block: Uint8Array): number {
  let size = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return size;
  }
  throw new RangeError('a block without its size');
}
