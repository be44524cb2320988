import type { KafkaBegin } from '../../protocol/kafka.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import { kafkaFault } from '../kafka-errors.ts';
import type { Context } from './context.ts';
import { reading } from './reading.ts';

/** The records of one partition, or its batches as they are. */
export const fetchStream = (
  context: Context,
  begin: Extract<KafkaBegin, { api: 'fetch' }>,
  stream: Stream,
): Answering => {
  const { topic, partition, from, lastEpoch } = begin;
  return reading(context, begin, stream, {
    partitionsOf({ partitions }) {
      if (partitions.some((one) => one.partition === partition)) return [partition];
      throw kafkaFault(UNKNOWN_TOPIC_OR_PARTITION).at(`${topic}/${partition}`);
    },
    begins: () => ({ from: from ?? 'earliest', lastEpoch }),
    begun([offsets], id) {
      if (offsets !== undefined) stream.begin({ api: 'fetch', ...id, ...offsets });
    },
  });
};

const UNKNOWN_TOPIC_OR_PARTITION = 3;
