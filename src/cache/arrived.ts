import type { RecordBatch } from '../protocol/kafka-batch.ts';
import { uncompressed } from '../records/inflated.ts';

/** A batch that is not compressed, and what it took at the source. */
export interface Arrived {
  readonly batch: RecordBatch;
  readonly wire: number;
}

/** The least that inflating is allowed, in times what is inflated. */
const MOST_TIMES = 4;

/**
 * A batch as it is stored.
 *
 * @param maxInflated the most bytes that its records may inflate to, if those are not less than four times its own
 * @throws KafkaError KAFKA_RECORD_BATCH, KAFKA_CODEC or KAFKA_TOO_LARGE
 */
export function arrivedOf(batch: RecordBatch, place: string, maxInflated: number): Arrived {
  const wire = batch.bytes.byteLength;
  return { batch: uncompressed(batch, { cap: Math.max(maxInflated, MOST_TIMES * wire), place }), wire };
}
