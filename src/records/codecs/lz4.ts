import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { type Codec, inflating, tooLarge, viewOf } from './codec.ts';

const MAGIC = 0x184d2204;

/** Bits of the byte that says what a frame has. */
const HAS_BLOCK_CHECKSUMS = 1 << 4;
const HAS_CONTENT_SIZE = 1 << 3;
const HAS_DICTIONARY = 1;

const STORED = 0x8000_0000;

/** A byte of LZ4 stands for at most so many. */
const MOST_RATIO = 255;

/** LZ4 in its frame format (lz4_Frame_format.md), as Kafka has it since message format 2. */
export const lz4: Codec = {
  name: 'lz4',
  id: 3,
  compress: (bytes) => compressFrameSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
  inflate: (bytes, cap) =>
    inflating('lz4', () => {
      if (boundOf(bytes) > cap) throw tooLarge(cap);
      return decompressFrameSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    }),
};

/** What a frame cannot inflate to more than, by the sizes of its blocks. */
function boundOf(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError('no frame');
  const flags = view.getUint8(4);
  const blockSize = 2 ** (8 + 2 * ((view.getUint8(5) >> 4) & 7));
  const trailer = (flags & HAS_BLOCK_CHECKSUMS) === 0 ? 0 : 4;
  let bound = 0;
  let at = 7 + ((flags & HAS_CONTENT_SIZE) === 0 ? 0 : 8) + ((flags & HAS_DICTIONARY) === 0 ? 0 : 4);
  for (;;) {
    const word = view.getUint32(at, true);
    const size = word % STORED;
    if (word === 0) break;
    bound += word >= STORED ? size : Math.min(blockSize, size * MOST_RATIO);
    at += 4 + size + trailer;
  }
  return bound;
}
