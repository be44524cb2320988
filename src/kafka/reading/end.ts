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

  /** The epoch of the leader that said it. */
  get epoch(): number {
    return this.#led?.leaderEpoch ?? -1;
  }

  /** Takes the first answer for it, and none after that; answers whether it did. */
  learn(answer: FetchedPartition, led: Led | undefined): boolean {
    if (this.#offset !== undefined) return false;
    this.#offset = this.#endIn(answer);
    this.#led = led;
    return true;
  }

  /** It is to be learnt anew. */
  forget(): void {
    this.#offset = undefined;
  }

  /**
   * Whether all was read that the partition has by now, and that is less than this: a new leader does not know yet how
   * far its log is replicated, or has not all of the log of the one before it.
   *
   * @throws KafkaError KAFKA_RESPONSE if that is the same leader. None goes back: one that seems to was misheard, now or
   * then, and whoever waits for such an end waits forever.
   */
  isDoubtful(answer: FetchedPartition, position: bigint, led: Led | undefined, place: string): boolean {
    const now = this.#endIn(answer);
    const end = this.#offset;
    if (end === undefined || now >= end || position < now || position >= end) return false;
    if (led !== this.#led) return true;
    throw new KafkaError('KAFKA_RESPONSE', `${place} ended at ${end}, and ends at ${now} under the same leader`);
  }

  #endIn({ lastStableOffset, highWatermark }: FetchedPartition): bigint {
    return this.#isolation === 'read_committed' ? lastStableOffset : highWatermark;
  }
}
