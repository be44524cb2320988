import { type SchedulerLike, Subscriber } from 'rxjs';
import { Deque } from '../deque.ts';
import { emitter } from '../emitter.ts';
import { Fifo } from '../flow/queue.ts';
import { end, type Following, type Frame } from '../frame.ts';
import { listen } from '../listen.ts';
import type { Kafka, KafkaAnswer, KafkaFault } from '../protocol/kafka.ts';
import type { Binding } from '../protocol.ts';
import { DiskShare } from './disk-share.ts';
import { early } from './stage-faults.ts';
import type { StagedRecord } from './staged-record.ts';
import type { TopicStageOptions } from './topic-stage.ts';

type Initial = Kafka['initial'];

export interface PartitionExitOptions {
  readonly topic: string;
  readonly partition: number;
  readonly exit: Binding<Kafka>;
  /** Its share of the disk, in bytes. */
  readonly disk: number;
  readonly scheduler: SchedulerLike;
  readonly written: TopicStageOptions['written'];
  /** Told that all is answered. */
  readonly idle: () => void;
  /** Told what was thrown that must not be. */
  readonly failed: (thrown: unknown) => void;
}

/**
 * The records of one partition that are whole, in the order in which they came to be, and the one lane through which they
 * leave. An exit that ends before it has answered refuses all that is staged; the next record opens another.
 */
export class PartitionExit {
  readonly share: DiskShare;
  readonly #options: PartitionExitOptions;
  #records = new Deque<StagedRecord>();
  #queue = new Fifo<Initial>(() => {});
  #life: Subscriber<never> | undefined;
  #wake: () => void = () => {};
  /** How many were answered by this lane. */
  #answered = 0;
  #isClosing = false;

  constructor(options: PartitionExitOptions) {
    this.#options = options;
    this.share = new DiskShare(options.disk, options.failed, options.scheduler);
  }

  /** Whether all is answered. */
  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  /** Takes a record that is whole. */
  add(record: StagedRecord): void {
    this.#records.push(record);
    for (const frame of record.takeFrames(this.#options.scheduler.now())) this.#queue.offer(frame);
    if (this.#life === undefined) this.#open();
    this.#wake();
  }

  /** Ends the lane once all is handed on. */
  close(): void {
    this.#isClosing = true;
    this.#wake();
  }

  #open(): void {
    const { topic, partition, exit, scheduler, failed } = this.#options;
    const life = new Subscriber<never>({ next() {}, error: failed, complete() {} });
    this.#life = life;
    this.#answered = 0;
    const initial = emitter<Initial>(
      { api: 'produce', topic, partition },
      (wake) => {
        this.#wake = wake;
        return { pull: (balance) => this.#pull(balance) };
      },
      scheduler,
    );
    listen(exit(initial), life, {
      next: (frame) => this.#take(frame),
      complete: () => this.#over(early(this.#place)),
    });
  }

  #pull(balance: number): Following<Initial> | undefined {
    return this.#queue.poll(balance) ?? (this.#isClosing && this.#queue.empty ? end() : undefined);
  }

  #take(frame: Frame<Kafka['reply']>): void {
    if (frame.kind === 'abort') return this.#over(frame.ext ?? early(this.#place));
    if (frame.kind === 'end') return this.#over(early(this.#place));
    if (frame.kind !== 'flush' || !('answer' in frame.ext)) return;
    const { first } = this.#records;
    if (first === undefined || frame.ext.record !== this.#answered) return this.#over(early(this.#place));
    this.#answered += 1;
    this.#records.shift();
    if (first.acks === 'all' && frame.ext.answer === 'produced') this.#written(frame.ext.offset);
    this.#settle(first, frame.ext);
    if (this.isEmpty) this.#options.idle();
  }

  /** The lane is no more: refuses what it has not answered. */
  #over(fault: KafkaFault): void {
    const lost = this.#records;
    const life = this.#life;
    this.#records = new Deque();
    this.#queue = new Fifo<Initial>(() => {});
    this.#life = undefined;
    this.#wake = () => {};
    life?.unsubscribe();
    for (let record = lost.shift(); record !== undefined; record = lost.shift()) {
      this.#settle(record, { answer: 'refused', record: 0, fault });
    }
    if (this.isEmpty) this.#options.idle();
  }

  #written(offset: bigint): void {
    const { topic, partition, written } = this.#options;
    written?.(topic, partition, offset);
  }

  get #place(): string {
    return `${this.#options.topic}/${this.#options.partition}`;
  }

  #settle(record: StagedRecord, answer: KafkaAnswer): void {
    record.drop();
    this.share.release(record);
    record.owner.answered(record, answer);
  }
}
