import type { Begin } from '../../frame.ts';
import { listen } from '../../listen.ts';
import { produceAnswer } from '../../producing/produce-answer.ts';
import type { KafkaBegin, PartitionOffsets } from '../../protocol/kafka.ts';
import { both, producingReply } from '../../protocol/kafka-producing.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import { cleanupPolicyOf } from '../topic-configs.ts';
import type { Context } from './context.ts';
import { producing } from './producing.ts';
import { reading } from './reading.ts';

type Merged = Extract<KafkaBegin, { api: 'merged' }>;

/** The records of all partitions of a topic, read as one stream, or produced to it, or both. */
export function mergedStream(context: Context, begin: Begin<Merged>, stream: Stream): Answering {
  const { capabilities, topic, acks = 'all', until } = begin.ext;
  if (capabilities === 'fetch') return mergedFetch(context, begin.ext, stream);
  const produced = produceAnswer(begin, stream, { ...producing(context, topic), acks });
  if (capabilities === 'both') return both(produced, mergedFetch(context, begin.ext, stream), until !== undefined);
  stream.begin(producingReply(begin.ext));
  return produced;
}

function mergedFetch(context: Context, begin: Merged, stream: Stream): Answering {
  const { from, topic } = begin;
  let found: { readonly topicId?: string; readonly partitions: readonly PartitionOffsets[] } | undefined;
  let policy: { readonly cleanupPolicy: string | undefined } | undefined;
  const begun = (): void => {
    if (found !== undefined && policy !== undefined) stream.begin({ api: 'merged', ...found, ...policy });
  };
  listen(cleanupPolicyOf(context.cluster, topic, context), stream.life, {
    next(cleanupPolicy) {
      policy = { cleanupPolicy };
      begun();
    },
    complete() {},
  });
  return reading(context, begin, stream, {
    partitionsOf: (topic) => topic.partitions.map(({ partition }) => partition),
    begins: (partition) => ({ from: from?.partitions?.get(partition) ?? from?.default ?? 'earliest' }),
    begun(partitions, id) {
      found = { ...id, partitions };
      begun();
    },
  });
}
