import { listen } from '../../listen.ts';
import type { KafkaBegin, PartitionOffsets } from '../../protocol/kafka.ts';
import { matcherOf } from '../../protocol/kafka-filters.ts';
import { ReadingAnswer } from '../../protocol/kafka-reading.ts';
import type { Stream } from '../../protocol/kafka-stream.ts';
import { Readers } from '../reading/readers.ts';
import type { Begins } from '../reading/reading.ts';
import { NO_TOPIC_ID } from '../requests/metadata.ts';
import type { Topic } from '../topic.ts';
import type { Context } from './context.ts';

export interface ReadingOptions {
  /** Which partitions are read of a topic as it is now. @throws KafkaError if it has not those that are asked for */
  readonly partitionsOf: (topic: Topic) => readonly number[];
  /** Where one begins that was there at first. */
  readonly begins: (partition: number) => Begins;
  /** Called once, when every partition that has a leader has begun. */
  readonly begun: (offsets: readonly PartitionOffsets[], id: { readonly topicId?: string }) => void;
}

const FIRST: Begins = { from: 'earliest' };

/** What a fetch stream and a merged one have in common: a topic's partitions, read as one. */
export function reading(
  context: Context,
  begin: Extract<KafkaBegin, { api: 'fetch' | 'merged' }>,
  stream: Stream,
  { partitionsOf, begins, begun }: ReadingOptions,
): ReadingAnswer {
  const isBounded = begin.until !== undefined;
  let hasBegun = false;
  let topicId = NO_TOPIC_ID;

  const changed = (): void => {
    if (!hasBegun && readers.haveBegun) {
      hasBegun = true;
      readers.gathered();
      begun(readers.offsets, topicId === NO_TOPIC_ID ? {} : { topicId });
    }
    stream.wake();
  };
  const { isolation = 'read_committed', topic, filters } = begin;
  const { cluster, fetchers, maxInflated, backoff, scheduler, onRetry } = context;
  const readers: Readers = new Readers(
    {
      cluster,
      fetchers,
      topic,
      isolation,
      isBounded,
      isWhole: begin.api === 'fetch' && begin.batches === true,
      maxInflated,
      backoff,
      scheduler,
      onRetry,
      life: stream.life,
      hasCredit: () => stream.balance > 0,
    },
    matcherOf(filters),
    changed,
  );

  listen(cluster.topic(topic), stream.life, {
    // The partitions that are found once it has begun are new: all of their records are.
    next: (found) => {
      topicId = found.id;
      readers.follow(found, partitionsOf(found), hasBegun ? () => FIRST : begins);
    },
    complete() {},
  });

  return new ReadingAnswer(readers, (changed) => readers.refilter(matcherOf(changed)), isBounded, stream);
}
