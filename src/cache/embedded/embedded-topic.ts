import { randomBytes } from 'node:crypto';
import {
  concat,
  defer,
  EMPTY,
  forkJoin,
  ignoreElements,
  merge,
  type Observable,
  of,
  type SchedulerLike,
  type Subscriber,
} from 'rxjs';
import { SluiceError } from '../../errors.ts';
import { Dispatcher } from '../../log/dispatcher.ts';
import type { Send } from '../../producing/produced.ts';
import type { Description, KafkaRecord, Meta } from '../../protocol/kafka.ts';
import type { Remembered } from '../following/followed-log.ts';
import { damaged } from '../open-partition.ts';
import type { Partition } from '../partition.ts';
import type { LogSource, LogTopic } from '../reading/log-topic.ts';
import type { Topic } from '../topic.ts';
import { unknown } from '../unknown.ts';
import { PartitionWriter } from './partition-writer.ts';
import { configsOf, type EmbeddedTopicOptions, maxMessageBytes } from './topic-options.ts';

export interface EmbeddedContext {
  readonly directory: string;
  readonly scheduler: SchedulerLike;
  /** What the logs live in; a defect is an error of it. */
  readonly life: Subscriber<never>;
}

/** A partition of an embedded log, read and written. */
export interface EmbeddedPartition {
  readonly log: Partition;
  readonly dispatcher: Dispatcher<KafkaRecord>;
  readonly writer: PartitionWriter;
}

/** A topic of an embedded log. */
export class EmbeddedTopic implements LogTopic {
  readonly name: string;
  readonly meta: Meta;
  /** The most bytes of a record. */
  readonly maxRecord: number;
  readonly metas: Observable<Meta>;
  readonly descriptions: Observable<Description>;
  readonly #partitions: readonly EmbeddedPartition[];

  constructor(topic: Topic, { topicId, partitions, configs = {} }: Remembered, { scheduler, life }: EmbeddedContext) {
    this.name = topic.name;
    this.meta = { topicId, partitions: partitions.map((partition) => ({ partition, leader: 0 })) };
    this.maxRecord = maxMessageBytes(configs);
    this.metas = of(this.meta);
    this.descriptions = of({ configs });
    const { isCompacted } = topic;
    this.#partitions = partitions.map((number) => {
      const partition = topic.partition(number);
      const writer = new PartitionWriter({ partition, maxMessageBytes: this.maxRecord, isCompacted, scheduler, life });
      return { log: partition, dispatcher: new Dispatcher(partition, scheduler), writer };
    });
  }

  /** @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION */
  partition(partition: number): EmbeddedPartition {
    const found = this.#partitions[partition];
    if (found === undefined) throw unknown(`${this.name}/${partition}`);
    return found;
  }

  log(partition: number): Observable<LogSource> {
    return defer(() => of<LogSource>({ dispatcher: this.partition(partition).dispatcher, from: 'earliest' }));
  }

  readonly send: Send = (partition, record, options, done) => {
    const found = this.#partitions[partition];
    if (found === undefined) done(unknown(`${this.name}/${partition}`));
    else found.writer.send(record, options, done);
  };

  /** Takes nothing more; completes once nothing is being written any more. */
  close(): Observable<never> {
    return merge(...this.#partitions.map(({ writer }) => writer.close()));
  }
}

/**
 * Makes a topic what it is wanted to be: what is not there yet of it is made; one that nobody wants any more stays as it is.
 * Errors with CACHE_DAMAGED, and with OPTION_INVALID where it would lose partitions.
 */
export const prepared = (
  topic: Topic,
  wanted: EmbeddedTopicOptions | undefined,
  context: EmbeddedContext,
): Observable<EmbeddedTopic> =>
  defer(() => {
    const { name, remembered } = topic;
    // Partitions are there before the topic is remembered, so one that it remembers was.
    const isWhole = remembered?.configs !== undefined;
    const lost = (isWhole ? remembered.partitions : []).find((one) => topic.partitions.get(one)?.next === undefined);
    if (lost !== undefined) throw damaged(context.directory, `the state of ${name}/${lost}`);
    const configs = wanted === undefined ? remembered?.configs : configsOf(wanted);
    if (configs === undefined) throw damaged(context.directory, `what is remembered of ${name}`);
    const there = Math.max(0, ...(remembered?.partitions ?? []).map((one) => one + 1));
    const count = wanted?.partitions ?? Math.max(1, there);
    if (count < there)
      throw new SluiceError('OPTION_INVALID', `topics ${name}: it has ${there} partitions, and cannot have ${count}`);
    const partitions = Array.from({ length: count }, (_, partition) => partition);
    const topicId = remembered?.topicId || randomBytes(16).toString('base64url');
    const begun = partitions.map((partition) => topic.partition(partition).begin(0n, topicId));
    const next = { topicId, partitions, configs };
    return concat(
      forkJoin(begun).pipe(ignoreElements()),
      remember(topic, next).pipe(ignoreElements()),
      defer(() => of(new EmbeddedTopic(topic, next, context))),
    );
  });

const remember = (topic: Topic, next: Remembered): Observable<void> =>
  JSON.stringify(topic.remembered) === JSON.stringify(next) ? EMPTY : topic.remember(next);
