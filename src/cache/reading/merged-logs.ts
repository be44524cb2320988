import type { SchedulerLike } from 'rxjs';
import { listen } from '../../listen.ts';
import type { KafkaBegin, KafkaReplyBegin } from '../../protocol/kafka.ts';
import type { ReadingAnswer } from '../../protocol/kafka-reading.ts';
import { cleanupPolicy } from '../../protocol/kafka-states.ts';
import type { Stream } from '../../protocol/kafka-stream.ts';
import { logReading } from './log-reading.ts';
import type { LogTopic, ReadingOptions } from './log-topic.ts';

/** The records of all partitions of a topic, read from their logs as one stream. */
export function mergedLogs(
  topic: LogTopic,
  begin: Extract<KafkaBegin, { api: 'merged' }>,
  stream: Stream,
  options: ReadingOptions & { readonly scheduler: SchedulerLike },
): ReadingAnswer {
  const { from } = begin;
  let found: Pick<Extract<KafkaReplyBegin, { api: 'merged' }>, 'topicId' | 'partitions'> | undefined;
  let policy: { readonly cleanupPolicy: string | undefined } | undefined;
  const begun = (): void => {
    if (found !== undefined && policy !== undefined) stream.begin({ api: 'merged', ...found, ...policy });
  };
  const reading = logReading(topic, begin, stream, {
    ...options,
    from: (partition) => from?.partitions?.get(partition) ?? from?.default,
    begun(partitions, id) {
      found = { partitions, ...id };
      begun();
    },
  });
  listen(cleanupPolicy(topic.descriptions), stream.life, {
    next(cleanupPolicy) {
      policy = { cleanupPolicy };
      begun();
    },
    complete() {},
  });
  listen(topic.metas, stream.life, { next: (meta) => reading.follow(meta), complete() {} });
  return reading;
}
