import type { SchedulerLike } from 'rxjs';
import type { Backoff } from '../../backoff.ts';
import { Deque } from '../../deque.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { Codec } from '../../records/codecs/index.ts';
import { kafkaFault } from '../kafka-errors.ts';
import { Alarm } from './alarm.ts';
import { BatchLine } from './batch-line.ts';
import type { Outcome } from './outcome.ts';
import { Batch, numberedBy, type Sending } from './produce-batch.ts';
import type { ProducerIds } from './producer-ids.ts';

export interface PartitionQueueOptions {
  readonly codec: Codec;
  readonly batchSize: number;
  readonly linger: number;
  readonly deliveryTimeout: number;
  readonly ids: ProducerIds;
  readonly backoff: Backoff;
  readonly scheduler: SchedulerLike;
  /** Told that there may be something to send to a broker. */
  readonly ready: (queue: PartitionQueue, broker: number) => void;
  /** Told that the metadata may be stale. */
  readonly stale: () => void;
  /** Told that it is empty. */
  readonly idle: (queue: PartitionQueue) => void;
}

/** No broker leads, or it is not known yet which. */
export const NO_LEADER = -1;

/** How long a partition may be missing from its topic, and how often it is looked for meanwhile, in milliseconds. */
const ABSENT = 2_000;
const LOOK = 250;

const UNKNOWN_TOPIC_OR_PARTITION = 3;

/** The records of one partition until they are answered, in the order in which they were handed in. */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly #options: PartitionQueueOptions;
  readonly #place: string;
  readonly #waiting = new Deque<Sending>();
  readonly #line: BatchLine;
  readonly #later: Alarm;
  readonly #deadline: Alarm;
  readonly #absent: Alarm;
  /** What the records that wait take in batches. */
  #size = 0;
  #batchSize: number;
  #leader: number | undefined = NO_LEADER;
  #notBefore = Number.NEGATIVE_INFINITY;
  /** What failed last. */
  #fault: KafkaError | undefined;

  constructor(topic: string, partition: number, options: PartitionQueueOptions) {
    const { scheduler, batchSize, codec, ids } = options;
    this.topic = topic;
    this.partition = partition;
    this.#options = options;
    this.#place = `${topic}/${partition}`;
    this.#batchSize = batchSize;
    this.#line = new BatchLine(this.#place, codec, ids);
    this.#later = new Alarm(scheduler, () => this.wake());
    this.#deadline = new Alarm(scheduler, () => this.#expire());
    this.#absent = new Alarm(scheduler, () => this.#look());
  }

  /** Which broker leads; `undefined` where the topic has no such partition. */
  get leader(): number | undefined {
    return this.#leader;
  }

  set leader(leader: number | undefined) {
    if (leader !== this.#leader) this.#notBefore = Number.NEGATIVE_INFINITY;
    this.#leader = leader;
    this.wake();
  }

  /** Takes a record in. */
  add(sending: Sending): void {
    this.#waiting.push(sending);
    this.#size += sending.size;
    this.#deadline.set(sending.since + this.#options.deliveryTimeout);
    this.wake();
  }

  /** Sees to it that what may be sent is. */
  wake(): void {
    const { scheduler, ready, idle } = this.#options;
    if (this.#waiting.length === 0 && this.#line.isEmpty) {
      for (const alarm of [this.#later, this.#deadline, this.#absent]) alarm.stop();
      this.#fault = undefined;
      idle(this);
    } else if (this.#leader === undefined) this.#absent.set(scheduler.now() + LOOK);
    else if (scheduler.now() < this.#notBefore) this.#later.set(this.#notBefore);
    else if (this.#leader !== NO_LEADER) ready(this, this.#leader);
  }

  /** The batch that may go to `broker` now. It is sent by saying `fly`, and else stays what comes next. */
  next(broker: number): Batch | undefined {
    const now = this.#options.scheduler.now();
    if (broker !== this.#leader || now < this.#notBefore || !this.#line.leadsTo(broker)) return undefined;
    return this.#line.next(now) ?? this.#build(now);
  }

  /** Says that a batch is under way to `broker`. */
  fly(batch: Batch, broker: number): void {
    this.#line.fly(batch, broker);
  }

  /** Takes back a batch that was to be under way, and did not leave. */
  recall(batch: Batch): void {
    this.#line.recall(batch);
    this.wake();
  }

  /** Learns what became of a batch that was under way. */
  settle(batch: Batch, outcome: Outcome, place: string): void {
    const { scheduler, backoff, stale } = this.#options;
    const now = scheduler.now();
    const { kind, fault, isStale } = this.#line.settle(batch, outcome, place, now);
    this.#fault = fault ?? this.#fault;
    if (kind === 'written') backoff.reset();
    if (kind === 'split') this.#batchSize = Math.min(this.#batchSize, batch.inflated >> 1);
    if (isStale) stale();
    // Several batches that fail together are one failure.
    const isAgain = kind === 'again' || kind === 'renumber';
    if (isAgain && now >= this.#notBefore) this.#notBefore = now + backoff.next();
    this.wake();
  }

  /** Answers everything with a fault, in order. */
  refuse(fault: KafkaError): void {
    const placed = fault.at(this.#place);
    this.#line.refuse(placed, Number.POSITIVE_INFINITY);
    this.#refuseWaiting(placed, () => true);
    this.wake();
  }

  /** Answers with a fault those records that wait for a producer id. */
  refuseNumbered(fault: KafkaError): void {
    this.#refuseWaiting(fault.at(this.#place), (sending) => numberedBy(sending) === 'ours');
    this.wake();
  }

  #build(now: number): Batch | undefined {
    const { linger, codec } = this.#options;
    const first = this.#waiting.first;
    if (first === undefined) return undefined;
    if (this.#size < this.#batchSize && now < first.since + linger) {
      this.#later.set(first.since + linger);
      return undefined;
    }
    if (!this.#line.takes(numberedBy(first), now)) return undefined;
    const batch = Batch.of(this.#waiting, this.#batchSize, codec, this.#size);
    this.#size -= batch.size;
    this.#line.push(batch);
    return batch;
  }

  /** Looks for the partition again, or gives it up. */
  #look(): void {
    const { scheduler, stale } = this.#options;
    if (this.#leader !== undefined) return;
    const since = this.#line.since ?? this.#waiting.first?.since ?? 0;
    if (scheduler.now() - since >= ABSENT) return this.refuse(kafkaFault(UNKNOWN_TOPIC_OR_PARTITION));
    stale();
    this.wake();
  }

  #expire(): void {
    const { scheduler, deliveryTimeout } = this.#options;
    const before = scheduler.now() - deliveryTimeout;
    const why = this.#fault === undefined ? '' : `; what failed last: ${this.#fault.message}`;
    const late = `not acknowledged within ${deliveryTimeout} ms${why}`;
    const cause = this.#fault && { cause: this.#fault };
    const fault = (how: string): KafkaError =>
      new KafkaError('KAFKA_DELIVERY_TIMEOUT', `${how}${late}`, cause).at(this.#place);
    this.#line.refuse(fault(''), before);
    this.#refuseWaiting(fault('not sent, and so '), ({ since }) => since <= before);
    const oldest = this.#line.since ?? this.#waiting.first?.since;
    if (oldest !== undefined) this.#deadline.set(oldest + deliveryTimeout);
    this.wake();
  }

  /** Answers with a fault what waits, up to the first record that is not meant. */
  #refuseWaiting(fault: KafkaError, isMeant: (sending: Sending) => boolean): void {
    for (let first = this.#waiting.first; first !== undefined && isMeant(first); first = this.#waiting.first) {
      this.#waiting.shift();
      this.#size -= first.size;
      first.done(fault);
    }
  }
}
