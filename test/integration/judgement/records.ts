import { crc32 } from '@node-rs/crc32';
import type { NewRecord } from '../../broker/judge.ts';

/** The key of the last record of each partition. */
export const LAST = 'end';

/** What stands for the key of a record: its number, or one of these. */
export const NO_KEY = -1;
export const LAST_KEY = -2;

/** Into how many groups a header puts records. */
export const GROUPS = 5;

/** Retention would take what is older than a week. */
export const EPOCH = Date.now() - 3_600_000;

const mixed = (n: number): number => Math.imul(n + 0x9e37, 0x85ebca6b) >>> 8;

export const timeOf = (n: number): number => EPOCH + n;

/** Record number `n` of a topic of so many keys. One in 13 is a tombstone. */
export const recordOf = (n: number, keys: number, isKeyed = true): NewRecord => ({
  key: isKeyed ? `k${mixed(n) % keys}` : null,
  value: n % 13 === 0 ? null : `${n} `.padEnd(20 + (mixed(n + 1) % 100), 'abcdefgh'),
  headers: { group: `${n % GROUPS}` },
  timestamp: timeOf(n),
});

/** The number of a key. */
export const numberOf = (key: Uint8Array | null): number => {
  if (key === null) return NO_KEY;
  const text = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
  return text === LAST ? LAST_KEY : Number(text.slice(1));
};

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const NOTHING = Buffer.from('nothing');

/** What tells records apart: their key, value, group and time. */
export const printOf = (
  key: Uint8Array | null,
  value: Uint8Array | null,
  group: Uint8Array | null,
  time: bigint,
): number => {
  const rest = [value, group].reduce<number>(
    (sum, bytes) => crc32(bytes === null ? NOTHING : view(bytes), sum),
    crc32(key === null ? NOTHING : view(key), Number(BigInt.asUintN(32, time))),
  );
  return rest | 0;
};
