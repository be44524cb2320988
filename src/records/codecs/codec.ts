import { KafkaError } from '../../protocol/kafka-error.ts';

/** How the records of a batch are compressed, as Kafka's `compression.type` names it. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

export interface Codec {
  readonly name: Compression;
  /** As the attributes of a batch have it. */
  readonly id: number;
  compress(bytes: Uint8Array): Uint8Array;
  /**
   * At most `cap` bytes; what would be more is refused before it is made.
   *
   * @throws KafkaError KAFKA_CODEC or KAFKA_TOO_LARGE
   */
  inflate(bytes: Uint8Array, cap: number): Uint8Array;
}

/** What inflating to more than `cap` bytes fails with. */
export const tooLarge = (cap: number): KafkaError =>
  new KafkaError('KAFKA_TOO_LARGE', `the records would inflate to more than ${cap} bytes (option maxInflated)`);

/** Answers what `inflate` does; what that throws is a KAFKA_CODEC. */
export function inflating(name: Compression, inflate: () => Uint8Array): Uint8Array {
  try {
    return inflate();
  } catch (thrown) {
    if (thrown instanceof KafkaError) throw thrown;
    const why = thrown instanceof Error ? thrown.message : `${thrown}`;
    throw new KafkaError('KAFKA_CODEC', `the records are not ${name}: ${why}`, { cause: thrown });
  }
}

/** Bytes as a DataView. */
export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);
