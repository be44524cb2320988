import type { Begin } from '../../frame.ts';
import { produceAnswer } from '../../producing/produce-answer.ts';
import type { KafkaBegin } from '../../protocol/kafka.ts';
import { producingReply } from '../../protocol/kafka-producing.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import type { Context } from './context.ts';
import { producing } from './producing.ts';

/** Records for one partition. */
export const produceStream = (
  context: Context,
  begin: Begin<Extract<KafkaBegin, { api: 'produce' }>>,
  stream: Stream,
): Answering => {
  const { topic, partition } = begin.ext;
  const options = { ...producing(context, topic), only: partition, acks: 'all' } as const;
  const answering = produceAnswer(begin, stream, options);
  stream.begin(producingReply(begin.ext));
  return answering;
};
