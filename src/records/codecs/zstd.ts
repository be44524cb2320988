import { compress, decompress, init } from '@bokuweb/zstd-wasm';
import { defer, type Observable, shareReplay } from 'rxjs';
import { type Codec, inflating, tooLarge, viewOf } from './codec.ts';

const MAGIC = 0xfd2fb528;

/** The most that a block inflates to. */
const MOST_BLOCK = 128 * 1024;

const RAW = 0;
const RLE = 1;

/** Emits once it can be used, which takes some milliseconds the first time: it is compiled. */
export const zstdReady: Observable<void> = defer(init).pipe(shareReplay(1));

/** Zstandard (RFC 8878). To be used once `zstdReady` has emitted. */
export const zstd: Codec = {
  name: 'zstd',
  id: 4,
  compress: (bytes) => compress(bytes),
  inflate: (bytes, cap) =>
    inflating('zstd', () => {
      const bound = boundOf(bytes);
      if (bound > cap) throw tooLarge(cap);
      return decompress(bytes, { defaultHeapSize: Math.max(1, bound) });
    }),
};

/** What a frame says that it inflates to or, where it does not, cannot inflate to more than, by its blocks. */
function boundOf(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError('no frame');
  const flags = view.getUint8(4);
  const isSingle = (flags & 0x20) !== 0;
  const contentSize = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6] as number;
  const dictionary = [0, 1, 2, 4][flags & 3] as number;
  let at = 5 + (isSingle ? 0 : 1) + dictionary;
  const content = contentOf(view, at, contentSize);
  at += contentSize;
  const block = isSingle ? MOST_BLOCK : Math.min(MOST_BLOCK, windowOf(view.getUint8(5)));
  let bound = 0;
  for (let isLast = false; !isLast; ) {
    const header = view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
    const size = header >>> 3;
    const type = (header >>> 1) & 3;
    isLast = (header & 1) === 1;
    bound += type === RAW || type === RLE ? size : block;
    at += 3 + (type === RLE ? 1 : size);
  }
  const checksum = (flags & 4) === 0 ? 0 : 4;
  if (at + checksum !== bytes.byteLength) throw new RangeError(`the frame ends at ${at} of ${bytes.byteLength} bytes`);
  return content ?? bound;
}

/** The size of the content, where a frame has it (RFC 8878, section 3.1.1.1.4). */
function contentOf(view: DataView, at: number, size: number): number | undefined {
  switch (size) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true) + 256;
    case 4:
      return view.getUint32(at, true);
    case 8:
      return Number(view.getBigUint64(at, true));
    default:
      return undefined;
  }
}

/** The size of the window (section 3.1.1.1.2). */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
