/** How many bytes a number of 32 bits takes as a variable-length integer (Protocol Buffers' zigzag encoding). */
export function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

/** Writes one; answers where the next byte goes. */
export function writeVarint(to: Uint8Array, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let end = at;
  while (zigzag >= 0x80) {
    to[end] = (zigzag & 0x7f) | 0x80;
    end += 1;
    zigzag >>>= 7;
  }
  to[end] = zigzag;
  return end + 1;
}

/** Beyond it, numbers are written the slow way; within it are 12 days of milliseconds. */
const MOST_SMALL = 0x3fff_ffff;

/** A number of 64 bits, which most often is small enough to be had without a bigint. */
export const shortOf = (value: bigint): number | bigint => {
  const short = Number(value);
  return short <= MOST_SMALL && short >= -MOST_SMALL ? short : value;
};

/** How many bytes a number of 64 bits takes; one that is no bigint has at most 31. */
export function longSize(value: number | bigint): number {
  if (typeof value === 'number') return varintSize(value);
  let size = 1;
  for (let zigzag = zigzagOf(value); zigzag > 0x7fn; zigzag >>= 7n) size += 1;
  return size;
}

/** Writes one; answers where the next byte goes. */
export function writeLong(to: Uint8Array, at: number, value: number | bigint): number {
  if (typeof value === 'number') return writeVarint(to, at, value);
  let end = at;
  let zigzag = zigzagOf(value);
  for (; zigzag > 0x7fn; zigzag >>= 7n) {
    to[end] = Number(zigzag & 0x7fn) | 0x80;
    end += 1;
  }
  to[end] = Number(zigzag);
  return end + 1;
}

const zigzagOf = (value: bigint): bigint => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
