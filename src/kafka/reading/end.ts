import type { Isolation } from '../../protocol/kafka.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { FetchedPartition } from '../requests/fetch.ts';
import type { Delivery } from './delivery.ts';
import type { Led } from './start.ts';

/** Where a partition ended when its reader began: there a bounded read of it is over, and any other caught up. */
export class End {
  readonly #isolation: Isolation;
  readonly #delivery: Pick<Delivery, 'end'>;
  #offset: bigint | undefined;
  #led: Led | undefined;

  /** @param delivery told of it */
  constructor(isolation: Isolation, delivery: Pick<Delivery, 'end'>) {
    this.#isolation = isolation;
    this.#delivery = delivery;
  }

  /** Unknown until a leader has said it. */
  get offset(): bigint | undefined {
    return this.#offset;
  }

  /** The epoch of the leader that said it. */
  get epoch(): number {
    return this.#led?.leaderEpoch ?? -1;
  }

  /** Learns it from a leader. */
  learn(offset: bigint, led: Led | undefined): void {
    this.#offset = offset;
    this.#led = led;
    this.#delivery.end = offset;
  }

  /** Where a partition ends by an answer. */
  of({ lastStableOffset, highWatermark }: FetchedPartition): bigint {
    return this.#isolation === 'read_committed' ? lastStableOffset : highWatermark;
  }

  /** It is to be learnt anew. */
  forget(): void {
    this.#offset = undefined;
    this.#delivery.end = undefined;
  }

  /**
   * Whether all was read that the partition has by now, and that is less than this: a new leader does not know yet how
   * far its log is replicated, or has not all of the log of the one before it.
   *
   * @throws KafkaError KAFKA_RESPONSE if that is the same leader. None goes back: one that seems to was misheard, now or
   * then, and whoever waits for such an end waits forever.
   */
  isDoubtful(answer: FetchedPartition, position: bigint, led: Led | undefined, place: string): boolean {
    const now = this.of(answer);
    const end = this.#offset;
    if (end === undefined || now >= end || position < now || position >= end) return false;
    if (led !== this.#led) return true;
    throw new KafkaError('KAFKA_RESPONSE', `${place} ended at ${end}, and ends at ${now} under the same leader`);
  }
}
