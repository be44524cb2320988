import type { ProduceAnswerOptions } from '../../producing/produce-answer.ts';
import type { Context } from './context.ts';

/** What the lanes of a topic that produce have in common. */
export const producing = (
  { cluster, producer, produceWindow, maxRecord, scheduler }: Context,
  topic: string,
): Omit<ProduceAnswerOptions, 'acks'> => ({
  topic,
  partitions: cluster.topic(topic, { create: true }),
  send: (partition, record, options, done) => producer.send(topic, partition, record, options, done),
  window: produceWindow,
  maxRecord,
  scheduler,
});
