import {
  concat,
  filter,
  map,
  merge,
  type Observable,
  ReplaySubject,
  retry,
  Subject,
  type Subscriber,
  type Subscription,
  take,
  tap,
  timer,
} from 'rxjs';
import { Backoff } from '../../backoff.ts';
import { listen } from '../../listen.ts';
import type { Description, KafkaFault, Meta } from '../../protocol/kafka.ts';
import { isFault } from '../../protocol/kafka-error.ts';
import { states } from '../../protocol/kafka-states.ts';
import { topicConfig } from '../topic-config.ts';
import { unknown } from '../unknown.ts';
import type { FollowedLog, FollowedLogs } from './followed-log.ts';
import { FollowedPartition, type FollowedPartitionOptions } from './followed-partition.ts';

export interface FollowedTopicOptions
  extends Pick<FollowedPartitionOptions, 'exit' | 'topic' | 'backoff' | 'scheduler' | 'onRetry'> {
  readonly logs: FollowedLogs;
  /** Where the logs of a topic begin that is not compacted. */
  readonly defaultOffset: 'live' | 'historical';
}

/** Not to be allowed to see a topic's configuration is no reason not to read it. */
const NOT_ALLOWED: readonly unknown[] = ['TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'];
const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';

/**
 * Keeps the logs of one topic level with their source, its new partitions, too. What is remembered of it is served before
 * the source says anything, and followed once the source says that it is the same topic still.
 */
export class FollowedTopic {
  readonly #options: FollowedTopicOptions;
  readonly #life: Subscriber<never>;
  readonly #metas = new ReplaySubject<Meta>(1);
  readonly #descriptions = new ReplaySubject<Description>(1);
  readonly #faults = new Subject<KafkaFault>();
  readonly #followed = new Map<number, FollowedPartition>();
  #meta: Meta | undefined;
  #configs: Description['configs'] | undefined;
  /** Whether the source has said what the topic is, and how it is configured or that this may not be seen. */
  #isMet = false;
  #isDescribed = false;
  #remembering: Subscription | undefined;
  /** How many topics are being dropped whose name another one has now. */
  #dropping = 0;
  /** Whether partitions that are found from now on are new: all of their records are. */
  #hasBegun = false;

  /** @param life what it lives in; a defect is an error of it */
  constructor(options: FollowedTopicOptions, life: Subscriber<never>) {
    this.#options = options;
    this.#life = life;
    this.#recall();
    this.#listen(
      { api: 'meta', topic: options.topic },
      (meta: Meta) => this.#meet(meta),
      (fault) => this.#miss(fault),
    );
    this.#listen(
      { api: 'describe', topic: options.topic, configs: [] },
      ({ configs }: Description) => this.#describe(configs),
      (fault) => NOT_ALLOWED.includes(fault.kafka?.name) && this.#describe(undefined),
    );
  }

  /** Who leads its partitions, again when that changes; -1 for all as long as the source has not said it. */
  get metas(): Observable<Meta> {
    return this.#known(this.#metas);
  }

  /** The same, for whoever waits as long as there is no such topic, or nobody who tells of it. */
  get awaitedMetas(): Observable<Meta> {
    return this.#metas;
  }

  /** Its configuration, again when it changes. */
  get descriptions(): Observable<Description> {
    return this.#known(this.#descriptions);
  }

  /** Where a stream begins that names no offset: at the start of a log, or at its end. */
  get start(): 'logStart' | 'highWatermark' {
    return this.#options.defaultOffset === 'live' && !this.#options.logs.isCompacted ? 'highWatermark' : 'logStart';
  }

  /**
   * The log of a partition, once it is known that there is one. Errors with the fault of a topic that cannot be found, or
   * that is gone, and with UNKNOWN_TOPIC_OR_PARTITION.
   */
  log(partition: number): Observable<FollowedLog> {
    const { topic, logs } = this.#options;
    const found = this.#metas.pipe(
      take(1),
      map(({ partitions }) => {
        if (partitions.some((one) => one.partition === partition)) return logs.partition(partition);
        throw unknown(`${topic}/${partition}`);
      }),
    );
    return this.#known(found);
  }

  /** Learns that the source has a record at an offset. */
  written(partition: number, offset: bigint): void {
    if (this.#followed.has(partition)) this.#options.logs.partition(partition).expect(offset + 1n);
  }

  /** What is told of a topic, as long as there is one. */
  #known<T>(told: Observable<T>): Observable<T> {
    const gone = this.#faults.pipe(
      filter((fault) => this.#meta === undefined || fault.kafka?.name === UNKNOWN_TOPIC),
      map((fault) => {
        throw fault;
      }),
    );
    return merge(told, gone);
  }

  #recall(): void {
    const { remembered } = this.#options.logs;
    if (remembered === undefined) return;
    const { topicId, partitions, configs } = remembered;
    this.#hasBegun = true;
    this.#meta = { topicId, partitions: partitions.map((partition) => ({ partition, leader: -1 })) };
    this.#metas.next(this.#meta);
    this.#configs = configs;
    if (configs !== undefined) this.#descriptions.next({ configs });
  }

  #listen<T extends Meta | Description>(
    begin: Parameters<typeof states>[1],
    next: (state: T) => void,
    miss: (fault: KafkaFault) => void,
  ): void {
    listen(this.#tried(states<T>(this.#options.exit, begin), miss), this.#life, { next, complete() {} });
  }

  /** Tries again what fails with a fault. */
  #tried<T>(work: Observable<T>, failed: (fault: KafkaFault) => void = () => {}): Observable<T> {
    const { backoff, scheduler, onRetry } = this.#options;
    const waits = new Backoff(backoff);
    const delay = (thrown: unknown): Observable<unknown> => {
      if (!isFault(thrown)) throw thrown;
      onRetry(thrown);
      failed(thrown);
      return timer(waits.next(), scheduler);
    };
    return work.pipe(
      tap(() => waits.reset()),
      retry({ delay }),
    );
  }

  #meet(meta: Meta): void {
    const isOther = this.#meta !== undefined && this.#meta.topicId !== meta.topicId;
    const known = this.#meta?.partitions ?? [];
    this.#isMet = true;
    this.#meta = meta;
    if (isOther) this.#drop(known, 'recreated', meta.topicId);
    else this.#remember();
    this.#metas.next(meta);
  }

  /** What is cached goes before anything else comes. */
  #drop(partitions: Meta['partitions'], ...why: Parameters<FollowedLog['restart']>): void {
    const { logs } = this.#options;
    for (const followed of this.#followed.values()) followed.close();
    this.#followed.clear();
    this.#dropping += 1;
    const restarts = partitions.map(({ partition }) => this.#tried(logs.partition(partition).restart(...why)));
    listen(concat(...restarts), this.#life, {
      next() {},
      complete: () => {
        this.#dropping -= 1;
        this.#remember();
      },
    });
  }

  #describe(configs: Description['configs'] | undefined): void {
    this.#isDescribed = true;
    if (configs !== undefined) {
      this.#configs = configs;
      this.#descriptions.next({ configs });
    }
    this.#remember();
  }

  #remember(): void {
    const meta = this.#meta;
    if (!this.#isMet || !this.#isDescribed || this.#dropping > 0 || meta === undefined) return;
    const lacking = meta.partitions.filter(({ partition }) => this.#isLacking(partition));
    if (lacking.length > 0) return this.#drop(lacking, 'tombstones');
    const { topicId } = meta;
    const partitions = meta.partitions.map(({ partition }) => partition);
    const remembered = this.#options.logs.remember({ topicId, partitions, configs: this.#configs });
    this.#remembering?.unsubscribe();
    this.#remembering = listen(this.#tried(remembered), this.#life, {
      next() {},
      complete: () => this.#follow(partitions),
    });
  }

  /** Whether the topic becomes compacted, and its source has more of it in front than was ever kept, or is still. */
  #isLacking(partition: number): boolean {
    const { logs } = this.#options;
    if (logs.isCompacted || !topicConfig(this.#configs ?? {}).isCompacted) return false;
    const { next, offsets, standing } = logs.partition(partition);
    return next !== undefined && offsets.logStart > (standing?.logStart ?? 0n);
  }

  #follow(partitions: readonly number[]): void {
    const { logs, ...options } = this.#options;
    if (!this.#isMet || this.#dropping > 0) return;
    const isFirst = !this.#hasBegun;
    this.#hasBegun = true;
    for (const partition of partitions) {
      if (this.#followed.has(partition)) continue;
      const followed = new FollowedPartition({
        ...options,
        partition,
        log: logs.partition(partition),
        from: () => (isFirst && this.start === 'highWatermark' ? 'latest' : 'earliest'),
        patience: () => logs.patience,
        life: this.#life,
      });
      this.#followed.set(partition, followed);
    }
  }

  /** A topic that is gone is not followed; should it be there again, its id says whether it is the same. */
  #miss(fault: KafkaFault): void {
    if (fault.kafka?.name === UNKNOWN_TOPIC) {
      for (const followed of this.#followed.values()) followed.close();
      this.#followed.clear();
      this.#isMet = false;
    }
    this.#faults.next(fault);
  }
}
