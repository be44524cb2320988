import { map } from 'rxjs';
import type { KafkaBegin, Meta } from '../../protocol/kafka.ts';
import { metaAnswer } from '../../protocol/kafka-states.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import type { Context } from './context.ts';

/** Who leads each partition of a topic, again whenever that changes. */
export const metaStream = (
  { cluster }: Context,
  { topic, create = false }: Extract<KafkaBegin, { api: 'meta' }>,
  stream: Stream,
): Answering => {
  const metas = cluster.topic(topic, { create }).pipe(
    map(
      ({ id, partitions }): Meta => ({
        topicId: id,
        partitions: partitions.map(({ partition, leader }) => ({ partition, leader })),
      }),
    ),
  );
  return metaAnswer(metas, stream);
};
