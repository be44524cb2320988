import { gunzipSync, gzipSync } from 'node:zlib';
import { type Codec, inflating, tooLarge } from './codec.ts';

/** RFC 1952, as Node has it, which stops at a limit by itself. */
export const gzip: Codec = {
  name: 'gzip',
  id: 1,
  compress: (bytes) => gzipSync(bytes),
  inflate: (bytes, cap) =>
    inflating('gzip', () => {
      try {
        return gunzipSync(bytes, { maxOutputLength: cap });
      } catch (thrown) {
        throw (thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(cap) : thrown;
      }
    }),
};
