import { type Observable, type SchedulerLike, Subscriber } from 'rxjs';
import { listen } from '../listen.ts';
import type { Kafka, KafkaFault, Meta } from '../protocol/kafka.ts';
import { isFault } from '../protocol/kafka-error.ts';
import type { Binding } from '../protocol.ts';
import { PartitionExit } from './partition-exit.ts';
import { early } from './stage-faults.ts';
import type { StageStore } from './store.ts';

export interface TopicStageOptions {
  readonly exit: Binding<Kafka>;
  /** Each stream's share of memory, in bytes. */
  readonly window: number;
  /** Each partition's share of the disk, in bytes. */
  readonly disk: number;
  readonly store: StageStore;
  /** Its partitions, and who leads them. */
  readonly metas: Observable<Meta>;
  /** The most bytes of a record; `undefined` where that is not to be known. */
  readonly limits: Observable<number | undefined>;
  readonly scheduler: SchedulerLike;
  /** Told of each record that all replicas have which are in sync. */
  readonly written: ((topic: string, partition: number, offset: bigint) => void) | undefined;
}

/** A stream that produces to the topic. */
export interface Producing {
  /** Told the topic's partitions, again whenever they change. */
  learn(meta: Meta): void;
  /** Told that the most bytes of a record are others. */
  limited(): void;
  /** Told why it cannot go on. */
  fail(thrown: unknown): void;
}

/** What the streams to one topic share: its partitions, and the exit of each. */
export class TopicStage {
  readonly topic: string;
  readonly options: TopicStageOptions;
  readonly #left: () => void;
  readonly #streams = new Set<Producing>();
  readonly #exits = new Map<number, PartitionExit>();
  readonly #learning = new Set<Producing>();
  #meta: Meta | undefined;
  #watching: Subscriber<never> | undefined;
  #limit = Number.POSITIVE_INFINITY;
  #limiting: Subscriber<never> | undefined;
  #records = 0;
  #isOver = false;

  /** @param left told that the last stream has left, and all is answered */
  constructor(topic: string, options: TopicStageOptions, left: () => void) {
    this.topic = topic;
    this.options = options;
    this.#left = left;
  }

  /** The most bytes of a record, as far as it is known. */
  get limit(): number {
    return this.#limit;
  }

  join(stream: Producing): void {
    this.#streams.add(stream);
    if (this.#limiting === undefined) this.#watchLimit();
  }

  leave(stream: Producing): void {
    this.#streams.delete(stream);
    this.#learning.delete(stream);
    this.#settle();
  }

  /** Tells a stream the topic's partitions, once they are known. */
  teach(stream: Producing): void {
    this.#learning.add(stream);
    if (this.#meta !== undefined) stream.learn(this.#meta);
    else if (this.#watching === undefined) this.#watch();
  }

  /** The age of the next record. */
  next(): number {
    this.#records += 1;
    return this.#records;
  }

  exit(partition: number): PartitionExit {
    const known = this.#exits.get(partition);
    if (known !== undefined) return known;
    const made = new PartitionExit({
      ...{ topic: this.topic, partition, exit: this.options.exit },
      ...{ disk: this.options.disk, scheduler: this.options.scheduler },
      written: this.options.written,
      idle: () => this.#settle(),
      failed: (thrown) => this.#fail(thrown),
    });
    this.#exits.set(partition, made);
    return made;
  }

  #settle(): void {
    if (this.#isOver || this.#streams.size > 0) return;
    if ([...this.#exits.values()].some(({ isEmpty }) => !isEmpty)) return;
    this.#isOver = true;
    for (const exit of this.#exits.values()) exit.close();
    this.#watching?.unsubscribe();
    this.#limiting?.unsubscribe();
    this.#left();
  }

  #fail(thrown: unknown): void {
    for (const stream of [...this.#streams]) stream.fail(thrown);
  }

  get #life(): Subscriber<never> {
    return new Subscriber<never>({ next() {}, error: (thrown: unknown) => this.#fail(thrown), complete() {} });
  }

  #watchLimit(): void {
    this.#limiting = this.#life;
    listen(this.options.limits, this.#limiting, {
      next: (limit = Number.POSITIVE_INFINITY) => {
        this.#limit = limit;
        for (const stream of [...this.#streams]) stream.limited();
      },
      error: (thrown) => {
        if (!isFault(thrown)) throw thrown;
        // It is asked for again with the next stream or partition; what is too large is refused by the exit, too.
        this.#limiting = undefined;
      },
      complete() {},
    });
  }

  #watch(): void {
    this.#watching = this.#life;
    listen(this.options.metas, this.#watching, {
      next: (meta) => this.#learn(meta),
      error: (thrown) => {
        if (!isFault(thrown)) throw thrown;
        this.#unknown(thrown);
      },
      complete: () => this.#unknown(early(this.topic)),
    });
  }

  #learn(meta: Meta): void {
    this.#meta = meta;
    if (this.#limiting === undefined) this.#watchLimit();
    for (const stream of [...this.#learning]) stream.learn(meta);
  }

  /** What was known holds until it is asked for again; those that wait for it cannot go on. */
  #unknown(fault: KafkaFault): void {
    this.#watching?.unsubscribe();
    this.#watching = undefined;
    const waiting = this.#meta === undefined ? [...this.#learning] : [];
    this.#meta = undefined;
    for (const stream of waiting) stream.fail(fault);
  }
}
