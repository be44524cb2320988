import type { Observable } from 'rxjs';
import type { From, Isolation, KafkaFault, KafkaGap, PartitionOffsets } from '../../protocol/kafka.ts';
import { isFault } from '../../protocol/kafka-error.ts';
import type { Matcher } from '../../protocol/kafka-filters.ts';
import { AbortedTransactions } from '../../records/aborted.ts';
import { batchesOf, broken } from '../../records/record-batch.ts';
import { heals, kafkaErrorOf, kafkaFault, NONE } from '../kafka-errors.ts';
import type { FetchedPartition } from '../requests/fetch.ts';
import { NO_TOPIC_ID } from '../requests/metadata.ts';
import type { Topic } from '../topic.ts';
import { Attempts } from './attempts.ts';
import { BatchDelivery } from './batch-delivery.ts';
import { Delivery } from './delivery.ts';
import { End } from './end.ts';
import type { Fetched, Want } from './fetch-request.ts';
import type { Fetcher } from './fetcher.ts';
import type { Begins, Reading } from './reading.ts';
import { back, type Recovery, recovery } from './recovery.ts';
import { type Led, offsetOf } from './start.ts';

/**
 * Reads one partition from whichever broker leads it: finds where to start, asks that broker's fetcher for as much as
 * its receiver takes, and goes on after whatever may heal.
 */
export class Reader implements Fetched {
  readonly partition: number;
  readonly delivery: Delivery | BatchDelivery;
  readonly #reading: Reading;
  #from: From;
  readonly #attempts: Attempts;
  #topicId = NO_TOPIC_ID;
  #led: Led | undefined;
  #fetcher: Fetcher | undefined;
  /** What is fetched next, and the epoch of the record before that. */
  #position: bigint | undefined;
  #lastEpoch: number;
  /** Whether its receiver knows where it began, so that a gap is one to tell. */
  #isAnchored: boolean;
  #offsets: PartitionOffsets | undefined;
  #stable: bigint | undefined;
  readonly #end: End;
  #isBroken = false;

  constructor(reading: Reading, partition: number, { from, lastEpoch = -1 }: Begins, matcher: Matcher | undefined) {
    this.partition = partition;
    this.#lastEpoch = lastEpoch;
    this.#reading = reading;
    this.#from = from;
    this.#end = new End(reading.isolation);
    this.#isAnchored = typeof from === 'object' && 'offset' in from;
    this.#attempts = new Attempts(reading.life, reading.backoff, reading.scheduler);
    const options = { ...reading, partition, matcher, wake: () => reading.changed(this) };
    this.delivery = reading.isWhole ? new BatchDelivery(options) : new Delivery(options);
    reading.life.add(() => this.close());
  }

  get topic(): string {
    return this.#reading.topic;
  }

  get topicId(): string {
    return this.#topicId;
  }

  /**
   * Below the last stable offset, brokers say which transactions were aborted only to those who ask read committed;
   * whoever reads uncommitted is shown all of that, too.
   */
  get isolation(): Isolation {
    if (this.#reading.isWhole) return 'read_uncommitted';
    const isDecided = this.#stable === undefined || (this.#position ?? 0n) < this.#stable;
    return isDecided ? 'read_committed' : this.#reading.isolation;
  }

  /** Where it and the partition stood when it began; unknown before. */
  get offsets(): PartitionOffsets | undefined {
    return this.#offsets;
  }

  /** Whether there is a broker to read from. */
  get isLed(): boolean {
    return this.#fetcher !== undefined;
  }

  /** Learns who leads the partition now. */
  follow({ id, partitions }: Topic): void {
    const { topic } = this.#reading;
    const { partition } = this;
    if (this.#topicId !== NO_TOPIC_ID && id !== this.#topicId) this.#recreated(id);
    this.#topicId = id;
    this.delivery.position.topicId = id;
    const { leader, leaderEpoch } = partitions.find((one) => one.partition === partition) ?? NOBODY;
    if (this.#led?.leader === leader && this.#led.leaderEpoch === leaderEpoch) return;
    this.#fetcher?.remove(this);
    this.#led = { topic, partition, leader, leaderEpoch };
    this.#fetcher = leader < 0 ? undefined : this.#reading.fetchers.of(leader);
    this.#reading.changed(this);
    if (!this.#attempts.areHeld) this.#go();
  }

  want(): Want | undefined {
    if (this.#position === undefined || this.#attempts.arePending || this.#isBroken) return undefined;
    const { ahead, hasCredit, isBounded } = this.#reading;
    const want = { offset: this.#position, leaderEpoch: this.#led?.leaderEpoch ?? -1, lastEpoch: this.#lastEpoch };
    if (this.#end.offset === undefined) return { ...want, maxBytes: 1, isUrgent: true };
    const isDone = isBounded && this.#position >= this.#end.offset;
    if (isDone || !hasCredit() || this.delivery.bytes * 2 > ahead) return undefined;
    return { ...want, maxBytes: ahead, isUrgent: false };
  }

  /** Asks for more, if more is wanted by now. */
  wake(): void {
    if (this.want() !== undefined) this.#fetcher?.wake();
  }

  receive(answer: FetchedPartition, isEmpty: boolean): void {
    const { remedy } = kafkaErrorOf(answer.error);
    if (answer.error === NONE) this.#read(answer, isEmpty);
    else if (remedy === 'offset') this.#recover();
    else this.fail(kafkaFault(answer.error).at(`broker ${this.#led?.leader}, Fetch of ${this.#place}`));
  }

  fail(thrown: unknown): void {
    if (isFault(thrown) && heals(thrown)) this.#hold(thrown);
    else this.#reading.life.error(thrown);
  }

  #read(answer: FetchedPartition, isEmpty: boolean): void {
    const { highWatermark, lastStableOffset, diverging } = answer;
    const position = this.#position as bigint;
    const { isolation } = this;
    this.#attempts.succeed();
    if (diverging !== undefined)
      return this.#resume(back(this.partition, position, diverging.endOffset, diverging.epoch));
    this.#offsets ??= { partition: this.partition, offset: position, highWatermark, lastStableOffset };
    this.#stable = lastStableOffset;
    this.#end.learn(answer, this.#led);
    this.delivery.end = this.#end.offset;
    this.#take(answer);
    this.delivery.stand(answer);
    const end = isolation === 'read_committed' ? lastStableOffset : highWatermark;
    // Nothing there, though the broker would have sent a first batch of any size: all up to the end was cleaned away.
    if (isEmpty && end > position) this.#pass(end, 0);
    this.#reading.changed(this);
  }

  #take(answer: FetchedPartition): void {
    const { records, aborted, highWatermark } = answer;
    const transactions = new AbortedTransactions(aborted);
    const { isolation, isWhole } = this.#reading;
    const hidesAborted = isolation === 'read_committed';
    try {
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
        if (!isWhole && (batch.isControl || (isAborted && hidesAborted)))
          this.#pass(batch.lastOffset + 1n, batch.count);
        else {
          this.#position = batch.lastOffset + 1n;
          this.delivery.batch(batch, isAborted);
        }
      }
      this.#end.verify(answer, this.#position as bigint, this.#led, this.#place);
    } catch (thrown) {
      this.#isBroken = true;
      this.delivery.fail(thrown);
    }
  }

  #pass(to: bigint, count: number): void {
    this.#position = to;
    this.delivery.pass(to, count);
  }

  /** The first question to a leader, or the next after something failed. */
  #go(): void {
    const { cluster, isolation } = this.#reading;
    this.#attempts.cancel();
    if (this.#fetcher === undefined || this.#led === undefined) return;
    if (this.#position !== undefined) this.#fetcher.add(this);
    else this.#ask(offsetOf(cluster, this.#led, this.#from, isolation), (to) => this.#resume({ to }, this.#lastEpoch));
  }

  #recover(): void {
    const { cluster, isolation } = this.#reading;
    if (!this.#isAnchored) this.#position = undefined;
    if (this.#position === undefined || this.#led === undefined) return this.#hold(kafkaFault(OFFSET_OUT_OF_RANGE));
    this.#fetcher?.remove(this);
    const found = recovery(cluster, this.#led, this.#position, this.#lastEpoch, isolation);
    this.#ask(found, (way) =>
      way.gap === undefined ? this.#hold(kafkaFault(OFFSET_OUT_OF_RANGE)) : this.#resume(way),
    );
  }

  /** Another topic has the name now: what waits of the old one is sent, and then the new one from its start. */
  #recreated(topicId: string): void {
    this.#led = undefined;
    if (this.#position === undefined) return;
    const from = this.#position;
    const gap: KafkaGap = { mark: 'gap', partition: this.partition, from, to: from, reason: 'recreated', topicId };
    this.#end.forget();
    this.#stable = undefined;
    this.delivery.end = undefined;
    this.#resume({ to: 0n, gap });
  }

  #resume({ to, gap }: Recovery, lastEpoch = -1): void {
    this.#position = to;
    this.#lastEpoch = lastEpoch;
    if (gap === undefined) this.delivery.position.start(to);
    else this.delivery.gap(gap, to);
    this.#reading.changed(this);
    this.#go();
  }

  #hold(fault: KafkaFault): void {
    const { cluster, onRetry } = this.#reading;
    onRetry(fault);
    if (fault.kafka === undefined) cluster.refresh();
    else if (kafkaErrorOf(fault.kafka.code).remedy === 'refresh') cluster.doubt(this.topic);
    this.#fetcher?.remove(this);
    this.#attempts.hold(() => this.#go());
  }

  #ask<T>(question: Observable<T>, then: (answer: T) => void): void {
    this.#attempts.ask(question, then, (thrown) => this.fail(thrown));
  }

  /** Reads no more. */
  close(): void {
    this.#fetcher?.remove(this);
    this.#attempts.cancel();
    this.delivery.position.close();
  }

  get #place(): string {
    return `${this.topic}/${this.partition}`;
  }
}

const OFFSET_OUT_OF_RANGE = 1;
const NOBODY = { leader: -1, leaderEpoch: -1 };
