import type { Codec } from './codec.ts';

/** No compression. */
export const none: Codec = { name: 'none', id: 0, compress: (bytes) => bytes, inflate: (bytes) => bytes };
