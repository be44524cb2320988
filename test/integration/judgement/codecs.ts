import kafkajs from 'kafkajs';
import { lastValueFrom } from 'rxjs';
import { type Compression, codecNamed, codecsReady } from '../../../src/records/codecs/index.ts';

/** By their ids in kafkajs. */
const ADDED: readonly (readonly [id: 2 | 3 | 4, name: Compression])[] = [
  [2, 'snappy'],
  [3, 'lz4'],
  [4, 'zstd'],
];
const MOST = 1 << 28;

/** How many codecs there are, `none` the first. */
export const CODECS = 5;

/** Lets kafkajs read and write with the codecs that it does not have; what they do is proved by Kafka's own clients. */
export async function addCodecs(): Promise<void> {
  await lastValueFrom(codecsReady, { defaultValue: undefined });
  for (const [id, name] of ADDED) {
    const codec = codecNamed(name);
    kafkajs.CompressionCodecs[id] = () => ({
      compress: async ({ buffer }: { readonly buffer: Buffer }) => Buffer.from(codec.compress(buffer)),
      decompress: async (bytes: Buffer) => Buffer.from(codec.inflate(bytes, MOST)),
    });
  }
}
