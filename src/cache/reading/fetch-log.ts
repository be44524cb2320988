import type { SchedulerLike } from 'rxjs';
import type { Log } from '../../log/log.ts';
import type { KafkaBegin, KafkaRecord } from '../../protocol/kafka.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import { logReading } from './log-reading.ts';
import type { LogTopic, ReadingOptions } from './log-topic.ts';

/**
 * The records of one partition, read from its log.
 *
 * @param log what its BEGIN brings, for whoever grants no credit and reads there itself
 */
export function fetchLog(
  topic: LogTopic,
  begin: Extract<KafkaBegin, { api: 'fetch' }>,
  stream: Stream,
  options: ReadingOptions & { readonly scheduler: SchedulerLike },
  log?: Log<KafkaRecord>,
): Answering {
  const { partition, from } = begin;
  const reading = logReading(topic, begin, stream, {
    ...options,
    from: () => from,
    begun: ([offsets], id) =>
      offsets !== undefined && stream.begin({ api: 'fetch', ...id, ...offsets, ...(log && { log }) }),
  });
  // Whoever brings its log knows whether there is such a partition.
  reading.follow({ topicId: '', partitions: [{ partition, leader: -1 }] });
  return reading;
}
