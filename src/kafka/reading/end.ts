import type { Isolation } from '../../protocol/kafka.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { FetchedPartition } from '../requests/fetch.ts';
import type { Led } from './start.ts';

/** Where a partition ended when its reader began: there a bounded read of it is over, and any other caught up. */
export class End {
  readonly #isolation: Isolation;
  #offset: bigint | undefined;
  #led: Led | undefined;

  constructor(isolation: Isolation) {
    this.#isolation = isolation;
  }

  /** Unknown until a leader has said it. */
  get offset(): bigint | undefined {
    return this.#offset;
  }

  /** Takes the first answer for it, and none after that. */
  learn(answer: FetchedPartition, led: Led | undefined): void {
    if (this.#offset !== undefined) return;
    this.#offset = this.#endIn(answer);
    this.#led = led;
  }

  /** It is to be learnt anew. */
  forget(): void {
    this.#offset = undefined;
  }

  /**
   * Holds where the partition ends now, all up to which was read, against this. No leader goes back: one that seems to
   * was misheard, now or then, and whoever waits for such an end waits forever.
   *
   * @throws KafkaError KAFKA_RESPONSE
   */
  verify(answer: FetchedPartition, position: bigint, led: Led | undefined, place: string): void {
    const now = this.#endIn(answer);
    const end = this.#offset;
    if (led !== this.#led || end === undefined || now >= end || position < now || position >= end) return;
    throw new KafkaError('KAFKA_RESPONSE', `${place} ended at ${end}, and ends at ${now} under the same leader`);
  }

  #endIn({ lastStableOffset, highWatermark }: FetchedPartition): bigint {
    return this.#isolation === 'read_committed' ? lastStableOffset : highWatermark;
  }
}
