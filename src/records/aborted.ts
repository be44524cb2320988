import type { RecordBatch } from '../protocol/kafka-batch.ts';
import { outcomeOf } from './control-batch.ts';

/** A transaction that was aborted: everything of its producer from here up to its marker. */
export interface Aborted {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/**
 * Tells which batches of one response belong to transactions that were aborted (KIP-98): those of a producer from the
 * first offset that the response lists to the marker that ends it. A marker is one batch, so it is not compressed.
 */
export class AbortedTransactions {
  /** By their first offsets, those that are not reached yet from `#next` on. */
  readonly #aborted: readonly Aborted[];
  readonly #open = new Set<bigint>();
  #next = 0;

  constructor(aborted: readonly Aborted[]) {
    this.#aborted = [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  }

  /**
   * To be asked of every batch, in order, control batches too.
   *
   * @throws KafkaError KAFKA_RECORD_BATCH where a control batch cannot be read
   */
  isAborted(batch: RecordBatch, place: string): boolean {
    for (let next = this.#aborted[this.#next]; next !== undefined && next.firstOffset <= batch.lastOffset; ) {
      this.#open.add(next.producerId);
      this.#next += 1;
      next = this.#aborted[this.#next];
    }
    if (!batch.isTransactional) return false;
    if (!batch.isControl) return this.#open.has(batch.producerId);
    if (outcomeOf(batch, place) === 'abort') this.#open.delete(batch.producerId);
    return false;
  }
}
