import type { SchedulerLike } from 'rxjs';
import { positive, SluiceError } from '../../src/errors.ts';
import type { Kafka, KafkaBegin } from '../../src/protocol/kafka.ts';
import { answer } from '../../src/protocol/kafka-stream.ts';
import type { Proxy as StreamProxy } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';
import { fileStore } from '../../src/stage/file-store.ts';
import { StageLane } from '../../src/stage/stage-lane.ts';
import type { StageStore } from '../../src/stage/store.ts';
import { TopicStage } from '../../src/stage/topic-stage.ts';
import { route } from './route.ts';

export interface StageOptions {
  /** Where bodies wait that are too large for memory: a directory that is this stage's alone, or a store. */
  readonly store: string | StageStore;
  /** Each stream's share of memory, and its credit, in bytes: an integer >= 1, 256 KiB by default. */
  readonly window?: number;
  /** Each partition's share of the disk, in bytes: an integer not less than `window`, 256 MiB by default. */
  readonly disk?: number;
  /** The most bytes of a record, or of a record of each topic: an integer >= 1, Kafka's 1,048,588 by default. */
  readonly maxMessageBytes?: number | ((topic: string) => number);
  readonly scheduler?: SchedulerLike;
}

/**
 * Takes records in fragments from any number of streams, puts each together aside from the others, and hands those that
 * are whole on, with their exact length, to one stream per partition. What reads passes through as it is.
 *
 *     one       -a---A---|        a and A are one record, x is another
 *     two       ---x-----|
 *     exit      ---x-(aA)
 *     one gets  B----1-(E|)
 *     two gets  B--1---(E|)
 *
 * - *emits* records per partition in the order in which they became whole, and to each stream its own answers, by its own
 *   numbers; those to records of one partition in order
 * - *drops* what a stream leaves unfinished; refuses, and swallows the rest of, a record that is too large
 *   (`KAFKA_RECORD_TOO_LARGE`), and the youngest of those that fill the disk and are all unfinished (`STAGE_FULL`)
 * - *backpressures* each stream while its records fill its share of memory; what is written to disk, or answered, no
 *   longer does, and an unfinished record that uses the share up is written
 * - *ends* each stream on END after its last answer; at once on ABORT. What is whole is handed on all the same
 *
 * @throws SluiceError OPTION_INVALID
 *
 * @example
 * const kafka = stage({ store: '/var/lib/app/stage' })(client(tcpClient(), { servers }));
 */
export function stage(options: StageOptions): StreamProxy<Kafka, Kafka> {
  const { store, maxMessageBytes = 1_048_588, scheduler = eventLoop } = options;
  const window = positive('window', options.window ?? 256 * 1024);
  const disk = positive('disk', options.disk ?? 256 * 1024 * 1024);
  if (disk < window)
    throw new SluiceError('OPTION_INVALID', `disk must not be less than window, ${window}, as ${disk} is`);
  const mostOf = (topic: string): number =>
    positive('maxMessageBytes', typeof maxMessageBytes === 'number' ? maxMessageBytes : maxMessageBytes(topic));
  if (typeof maxMessageBytes === 'number') mostOf('');
  let files: StageStore | undefined;
  return (exit) => {
    const topics = new Map<string, TopicStage>();
    const topicOf = (name: string): TopicStage => {
      const known = topics.get(name);
      if (known !== undefined) return known;
      files ??= typeof store === 'string' ? fileStore(store) : store;
      const shared = { exit, window, disk, store: files, maxMessageBytes: mostOf(name), scheduler };
      const made = new TopicStage(name, shared, () => topics.delete(name));
      topics.set(name, made);
      return made;
    };
    const staging = answer((begin, stream) => {
      const { topic } = begin.ext;
      const only = begin.ext.api === 'produce' ? begin.ext.partition : undefined;
      const acks = begin.ext.api === 'merged' ? begin.ext.acks : undefined;
      const lane = new StageLane({ begin, stream, stage: topicOf(topic), only, acks: acks ?? 'all' });
      stream.begin(
        only === undefined ? { api: 'merged', partitions: [], cleanupPolicy: undefined } : { api: 'produce' },
      );
      return lane;
    }, scheduler);
    return route<Kafka>((ext) => (onlyProduces(ext) ? staging : exit));
  };
}

const onlyProduces = (ext: KafkaBegin): boolean =>
  ext.api === 'produce' || (ext.api === 'merged' && ext.capabilities === 'produce');
