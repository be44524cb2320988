import type { Isolation } from '../../protocol/kafka.ts';
import type { Matcher } from '../../protocol/kafka-filters.ts';
import { AbortedTransactions } from '../../records/aborted.ts';
import { batchesOf, broken } from '../../records/record-batch.ts';
import type { FetchedPartition } from '../requests/fetch.ts';
import { BatchDelivery } from './batch-delivery.ts';
import { Delivery } from './delivery.ts';
import type { Begins, Reading } from './reading.ts';
import type { Recovery } from './recovery.ts';

/** How far a partition was fetched, and the one way for what was fetched of it to be delivered. */
export class Intake {
  readonly delivery: Delivery | BatchDelivery;
  readonly #place: string;
  readonly #isWhole: boolean;
  readonly #isolation: Isolation;
  #position: bigint | undefined;
  #lastEpoch: number;
  #isAnchored: boolean;
  #stable: bigint | undefined;

  /** @param wake called when there is something to poll though nothing was put in */
  constructor(
    reading: Reading,
    partition: number,
    { from, lastEpoch = -1 }: Begins,
    matcher: Matcher | undefined,
    wake: () => void,
  ) {
    const options = { ...reading, partition, matcher, wake };
    this.delivery = reading.isWhole ? new BatchDelivery(options) : new Delivery(options);
    this.#place = `${reading.topic}/${partition}`;
    this.#isWhole = reading.isWhole;
    this.#isolation = reading.isolation;
    this.#lastEpoch = lastEpoch;
    this.#isAnchored = typeof from === 'object' && 'offset' in from;
  }

  /** What is fetched next; unknown until it is found where to begin. */
  get position(): bigint | undefined {
    return this.#position;
  }

  /** The epoch of the record before that; -1 where it is not known. */
  get lastEpoch(): number {
    return this.#lastEpoch;
  }

  /** Whether its receiver knows where it began, so that a gap is one to tell. */
  get isAnchored(): boolean {
    return this.#isAnchored;
  }

  /**
   * Below the last stable offset, brokers say which transactions were aborted only to those who ask read committed;
   * whoever reads uncommitted is shown all of that, too.
   */
  get isolation(): Isolation {
    if (this.#isWhole) return 'read_uncommitted';
    const isDecided = this.#stable === undefined || (this.#position ?? 0n) < this.#stable;
    return isDecided ? 'read_committed' : this.#isolation;
  }

  /** Begins at an offset; nowhere, until it is found anew where. */
  start(offset: bigint | undefined): void {
    this.#position = offset;
    if (offset !== undefined) this.delivery.position.start(offset);
  }

  /** Goes on where it is found that it can, which is told. */
  resume({ to, gap }: Required<Recovery>): void {
    this.#position = to;
    this.#lastEpoch = -1;
    this.#stable = undefined;
    this.delivery.gap(gap, to);
  }

  /** Goes on at offset `to`, though `count` records are before it. */
  pass(to: bigint, count: number): void {
    this.#position = to;
    this.delivery.pass(to, count);
  }

  /** @throws KafkaError where a batch is not what was written, or does not follow on what is there */
  take({ records, aborted, highWatermark, lastStableOffset }: FetchedPartition): void {
    this.#stable = lastStableOffset;
    const hidesAborted = this.#isolation === 'read_committed';
    const transactions = new AbortedTransactions(aborted);
    for (const batch of batchesOf(records, this.#place)) {
      const isAborted = transactions.isAborted(batch, this.#place);
      if (batch.lastOffset < (this.#position as bigint)) continue;
      // Its offset is outside of its checksum. A broker looks at its high watermark before it reads, so that what has been
      // replicated since may come as well; nothing is compacted there, so that no offset is left out.
      if (batch.baseOffset >= highWatermark && batch.baseOffset !== this.#position) {
        throw broken(this.#place, batch.baseOffset, `stands beyond the high watermark, ${highWatermark}`);
      }
      this.#isAnchored = true;
      this.#lastEpoch = batch.leaderEpoch;
      const next = batch.lastOffset + 1n;
      if (!this.#isWhole && (batch.isControl || (isAborted && hidesAborted))) this.pass(next, batch.count);
      else {
        this.#position = next;
        this.delivery.batch(batch, isAborted);
      }
    }
  }
}
