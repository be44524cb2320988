import { distinctUntilChanged, map } from 'rxjs';
import { data } from '../../frame.ts';
import type { KafkaBegin, Meta } from '../../protocol/kafka.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import type { Context } from './context.ts';
import { latestOf } from './latest-of.ts';

/** Who leads each partition of a topic, again whenever that changes. */
export const metaStream = (
  { cluster }: Context,
  { topic, create = false }: Extract<KafkaBegin, { api: 'meta' }>,
  stream: Stream,
): Answering => {
  const metas = cluster.topic(topic, { create }).pipe(
    map(({ partitions }): Meta => ({ partitions: partitions.map(({ partition, leader }) => ({ partition, leader })) })),
    distinctUntilChanged((before, after) => JSON.stringify(before) === JSON.stringify(after)),
    map((meta) => data(meta, Math.max(1, meta.partitions.length * BYTES_A_PARTITION))),
  );
  return latestOf(metas, { api: 'meta' }, stream);
};

/** Two numbers of 32 bits. */
const BYTES_A_PARTITION = 8;
