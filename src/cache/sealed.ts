import { crc32c } from '@node-rs/crc32';

/** How many bytes a seal takes in front of what is sealed. */
const SEAL = 4;

/**
 * What is stored of `parts` under a key: them behind a CRC32C of the key and of them. LevelDB verifies nothing, neither
 * that bytes are as they were written nor that they are those of this key.
 */
export function seal(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const sealed = Buffer.concat([UNSEALED, ...parts]);
  sealed.writeUInt32BE(checksum(key, sealed.subarray(SEAL)), 0);
  return sealed;
}

/** What was sealed, as a view; nothing if it is not what was stored under this key. */
export function unseal(key: Uint8Array, stored: Uint8Array | undefined): Buffer | undefined {
  if (stored === undefined || stored.byteLength < SEAL) return undefined;
  const sealed = bufferOf(stored);
  const content = sealed.subarray(SEAL);
  return sealed.readUInt32BE(0) === checksum(key, content) ? content : undefined;
}

export const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

const UNSEALED = new Uint8Array(SEAL);

const checksum = (key: Uint8Array, content: Buffer): number => crc32c(content, crc32c(bufferOf(key)));
