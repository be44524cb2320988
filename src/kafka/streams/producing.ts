import { map } from 'rxjs';
import type { ProduceAnswerOptions } from '../../producing/produce-answer.ts';
import { DEFAULT_MAX_MESSAGE_BYTES } from '../../protocol/kafka-states.ts';
import { maxMessageBytesOf } from '../topic-configs.ts';
import type { Context } from './context.ts';

/** What the lanes of a topic that produce have in common. */
export const producing = (context: Context, topic: string): Omit<ProduceAnswerOptions, 'acks'> => {
  const { cluster, producer, produceWindow, maxRecord, scheduler } = context;
  return {
    topic,
    partitions: cluster.topic(topic, { create: true }),
    send: (partition, record, options, done) => producer.send(topic, partition, record, options, done),
    window: produceWindow,
    maxRecord:
      maxRecord ?? maxMessageBytesOf(cluster, topic, context).pipe(map((limit = DEFAULT_MAX_MESSAGE_BYTES) => limit)),
    scheduler,
  };
};
