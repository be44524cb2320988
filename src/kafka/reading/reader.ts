import type { Observable } from 'rxjs';
import type { From, Isolation, KafkaFault, PartitionOffsets } from '../../protocol/kafka.ts';
import { isFault } from '../../protocol/kafka-error.ts';
import type { Matcher } from '../../protocol/kafka-filters.ts';
import { heals, kafkaErrorOf, kafkaFault, NONE } from '../kafka-errors.ts';
import type { FetchedPartition } from '../requests/fetch.ts';
import { NO_TOPIC_ID } from '../requests/metadata.ts';
import type { Topic } from '../topic.ts';
import { Attempts } from './attempts.ts';
import { End } from './end.ts';
import type { Fetched, Want } from './fetch-request.ts';
import type { Fetcher } from './fetcher.ts';
import { Intake } from './intake.ts';
import type { Begins, Reading } from './reading.ts';
import { back, gapOf, type Recovery, recovery } from './recovery.ts';
import { endOfEpoch, type Led, offsetOf } from './start.ts';

/**
 * Reads one partition from whichever broker leads it: finds where to start, asks that broker's fetcher for as much as
 * its receiver takes, and goes on after whatever may heal.
 */
export class Reader implements Fetched {
  readonly partition: number;
  readonly #reading: Reading;
  readonly #from: From;
  readonly #intake: Intake;
  readonly #attempts: Attempts;
  #topicId = NO_TOPIC_ID;
  #led: Led | undefined;
  #fetcher: Fetcher | undefined;
  #offsets: PartitionOffsets | undefined;
  readonly #end: End;
  #isBroken = false;

  constructor(reading: Reading, partition: number, begins: Begins, matcher: Matcher | undefined) {
    this.partition = partition;
    this.#reading = reading;
    this.#from = begins.from;
    this.#intake = new Intake(reading, partition, begins, matcher, () => reading.changed(this));
    this.#end = new End(reading.isolation, this.delivery);
    this.#attempts = new Attempts(reading.life, reading.backoff, reading.scheduler);
    reading.life.add(() => this.close());
  }

  get delivery(): Intake['delivery'] {
    return this.#intake.delivery;
  }

  get topic(): string {
    return this.#reading.topic;
  }

  get topicId(): string {
    return this.#topicId;
  }

  get isolation(): Isolation {
    return this.#intake.isolation;
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
    const { position, lastEpoch } = this.#intake;
    if (position === undefined || this.#attempts.arePending || this.#isBroken) return undefined;
    const { ahead, hasCredit, isBounded } = this.#reading;
    const want = { offset: position, leaderEpoch: this.#led?.leaderEpoch ?? -1, lastEpoch };
    if (this.#end.offset === undefined) return { ...want, maxBytes: 1, isUrgent: true };
    const isDone = isBounded && position >= this.#end.offset;
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
    const { partition, isolation } = this;
    const { highWatermark, lastStableOffset, diverging } = answer;
    const position = this.#intake.position as bigint;
    if (diverging !== undefined) return this.#resume(back(partition, position, diverging.endOffset, diverging.epoch));
    this.#offsets ??= { partition, offset: position, highWatermark, lastStableOffset };
    if (this.#end.offset === undefined) {
      if (this.#reading.isBounded) return this.#bound();
      this.#end.learn(this.#end.of(answer), this.#led);
    }
    this.#attempts.succeed();
    const isDoubtful = this.#take(answer);
    this.delivery.stand(answer);
    const end = isolation === 'read_committed' ? lastStableOffset : highWatermark;
    // Nothing there, though the broker would have sent a first batch of any size: all up to the end was cleaned away.
    if (isEmpty && end > position) this.#intake.pass(end, 0);
    this.#reading.changed(this);
    if (isDoubtful) this.#verify();
  }

  /** Answers whether the end is in doubt by what is there now. */
  #take(answer: FetchedPartition): boolean {
    try {
      this.#intake.take(answer);
      return this.#end.isDoubtful(answer, this.#intake.position as bigint, this.#led, this.#place);
    } catch (thrown) {
      this.#isBroken = true;
      this.delivery.fail(thrown);
      return false;
    }
  }

  /**
   * Asks where a bounded read ends, and then for the records again. A fetch may tell less: what a new leader knows by then
   * of how far its log is replicated (KIP-207).
   */
  #bound(): void {
    const { cluster, isolation } = this.#reading;
    this.#ask(offsetOf(cluster, this.#led as Led, 'latest', isolation), (end) => {
      this.#end.learn(end, this.#led);
      this.#resumed();
    });
  }

  /** The first question to a leader, or the next after something failed. */
  #go(): void {
    const { cluster, isolation } = this.#reading;
    this.#attempts.cancel();
    if (this.#fetcher === undefined || this.#led === undefined) return;
    if (this.#intake.position !== undefined) return this.#fetcher.add(this);
    this.#ask(offsetOf(cluster, this.#led, this.#from, isolation), (offset) => {
      this.#intake.start(offset);
      this.#resumed();
    });
  }

  #recover(): void {
    const { cluster, isolation } = this.#reading;
    const { isAnchored, position, lastEpoch } = this.#intake;
    if (!isAnchored) this.#intake.start(undefined);
    if (!isAnchored || position === undefined || this.#led === undefined)
      return this.#hold(kafkaFault(OFFSET_OUT_OF_RANGE));
    this.#fetcher?.remove(this);
    this.#ask(recovery(cluster, this.#led, position, lastEpoch, isolation), ({ to, gap }) => {
      if (gap === undefined) this.#hold(kafkaFault(OFFSET_OUT_OF_RANGE));
      else this.#resume({ to, gap });
    });
  }

  /** Asks a leader whose log seems to end before the end whether it ever had what the one that told of that end had. */
  #verify(): void {
    const { partition } = this;
    const end = this.#end.offset as bigint;
    const position = this.#intake.position as bigint;
    this.#ask(endOfEpoch(this.#reading.cluster, this.#led as Led, this.#end.epoch), (at) => {
      if (at >= end || at > position) this.#go();
      else this.#resume({ to: position, gap: gapOf(partition, position, end, 'truncated') });
    });
  }

  /** Another topic has the name now: what waits of the old one is sent, and then the new one from its start. */
  #recreated(topicId: string): void {
    const { partition } = this;
    const from = this.#intake.position;
    this.#led = undefined;
    if (from === undefined) return;
    this.#resume({ to: 0n, gap: { mark: 'gap', partition, from, to: from, reason: 'recreated', topicId } });
  }

  /** Goes on elsewhere. Where more is gone than what was old, there is another log than was read; its end is learnt anew. */
  #resume(way: Required<Recovery>): void {
    if (way.gap.reason !== 'retention') this.#end.forget();
    this.#intake.resume(way);
    this.#resumed();
  }

  #resumed(): void {
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
