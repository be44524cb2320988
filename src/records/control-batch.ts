import type { RecordBatch } from '../protocol/kafka-batch.ts';
import * as header from './header.ts';
import { broken } from './record-batch.ts';
import { Varints } from './varints.ts';

/** How a transaction ended. */
export type Outcome = 'commit' | 'abort';

/** The types of control records that end a transaction, by number (KIP-98). */
const OUTCOMES: readonly Outcome[] = ['abort', 'commit'];

/**
 * How the transaction of the batch's producer ended, if that is what a control batch says; others tell of elections
 * and such, which are Kafka's own affair.
 *
 * @throws KafkaError KAFKA_RECORD_BATCH
 */
export function outcomeOf(batch: RecordBatch, place: string): Outcome | undefined {
  const { bytes, baseOffset, isTransactional } = batch;
  if (!isTransactional) return undefined;
  try {
    const from = new Varints(bytes, header.SIZE);
    // The record's size, its attributes, its timestamp and its offset.
    from.skip();
    from.at += 1;
    from.skip();
    from.skip();
    const size = from.int();
    if (size < KEY || from.at + size > bytes.byteLength)
      throw new RangeError(`a control record's key of ${size} bytes`);
    // The key is a version and the type.
    const type = new DataView(bytes.buffer, bytes.byteOffset + from.at, KEY).getInt16(2);
    return OUTCOMES[type];
  } catch (thrown) {
    throw thrown instanceof RangeError ? broken(place, baseOffset, thrown.message) : thrown;
  }
}

const KEY = 4;
