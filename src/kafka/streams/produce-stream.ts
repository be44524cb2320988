import type { Begin } from '../../frame.ts';
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
  const answering = producing(context, begin, stream, { topic, only: partition, acks: 'all' });
  stream.begin(producingReply(begin.ext));
  return answering;
};
