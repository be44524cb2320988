import type { SchedulerLike } from 'rxjs';
import type { KafkaBegin } from '../../protocol/kafka.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import { logReading } from './log-reading.ts';
import type { LogTopic, ReadingOptions } from './log-topic.ts';

/** The records of one partition, read from its log. */
export function fetchLog(
  topic: LogTopic,
  begin: Extract<KafkaBegin, { api: 'fetch' }>,
  stream: Stream,
  options: ReadingOptions & { readonly scheduler: SchedulerLike },
): Answering {
  const { partition, from } = begin;
  const reading = logReading(topic, begin, stream, {
    ...options,
    from: () => from,
    begun: ([offsets], id) => offsets !== undefined && stream.begin({ api: 'fetch', ...id, ...offsets }),
  });
  // Whoever brings its log knows whether there is such a partition.
  reading.follow({ topicId: '', partitions: [{ partition, leader: -1 }] });
  return reading;
}
