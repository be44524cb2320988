import { type Begin, end } from '../../frame.ts';
import { listen } from '../../listen.ts';
import type { KafkaBegin, PartitionOffsets } from '../../protocol/kafka.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import { cleanupPolicyOf } from '../cleanup-policy.ts';
import type { Context } from './context.ts';
import { producing } from './producing.ts';
import { reading } from './reading.ts';

type Merged = Extract<KafkaBegin, { api: 'merged' }>;

/** The records of all partitions of a topic, read as one stream, or produced to it, or both. */
export function mergedStream(context: Context, begin: Begin<Merged>, stream: Stream): Answering {
  const { capabilities, topic, acks = 'all', until } = begin.ext;
  if (capabilities === 'fetch') return mergedFetch(context, begin.ext, stream);
  const produced = producing(context, begin, stream, { topic, acks });
  if (capabilities === 'produce') {
    stream.begin({ api: 'merged', partitions: [], cleanupPolicy: undefined });
    return produced;
  }
  const fetched = mergedFetch(context, begin.ext, stream);
  // It is over when all that was produced is answered and, if it is bounded, all that there was is read.
  let isAnswered = false;
  let isRead = until === undefined;
  return {
    pull(balance) {
      const answer = isAnswered ? undefined : produced.pull(balance);
      if (answer?.kind === 'end') isAnswered = true;
      else if (answer !== undefined) return answer;
      if (isAnswered && isRead) return end();
      const record = fetched.pull(balance);
      if (record?.kind !== 'end') return record;
      isRead = true;
      return isAnswered ? record : undefined;
    },
    idle: () => fetched.idle?.() ?? false,
    receive: (frame) => (frame.kind === 'flush' ? fetched : produced).receive?.(frame),
  };
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
