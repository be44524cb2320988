import type { Observable } from 'rxjs';
import type { Codec, Compression } from './codec.ts';
import { gzip } from './gzip.ts';
import { lz4 } from './lz4.ts';
import { none } from './none.ts';
import { snappy } from './snappy.ts';
import { zstd, zstdReady } from './zstd.ts';

export type { Codec, Compression } from './codec.ts';

const codecs: readonly Codec[] = [none, gzip, snappy, lz4, zstd];

/** The codec of a batch, by its id. */
export const codecOf = (id: number): Codec | undefined => codecs[id];

/** The codec of that name. */
export const codecNamed = (name: Compression): Codec => codecs.find((codec) => codec.name === name) ?? none;

/** Emits once every codec can be used. */
export const codecsReady: Observable<void> = zstdReady;
