const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/** The partition of a key among `count`, as Kafka's own clients choose it. */
export const partitionOf = (key: Uint8Array, count: number): number => (murmur2(key) & 0x7fffffff) % count;

/** Murmur2 with Kafka's seed (org.apache.kafka.common.utils.Utils), as a signed number of 32 bits. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const whole = length & ~3;
  let hash = SEED ^ length;
  for (let at = 0; at < whole; at += 4) {
    let word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  const left = length - whole;
  if (left > 2) hash ^= (bytes[whole + 2] as number) << 16;
  if (left > 1) hash ^= (bytes[whole + 1] as number) << 8;
  if (left > 0) hash = Math.imul(hash ^ (bytes[whole] as number), MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}
