import { map } from 'rxjs';
import type { KafkaBegin } from '../../protocol/kafka.ts';
import { describeAnswer } from '../../protocol/kafka-states.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import { described } from '../describe.ts';
import type { Context } from './context.ts';

/** A topic's configuration, again whenever it changes. */
export const describeStream = (
  context: Context,
  { topic, configs }: Extract<KafkaBegin, { api: 'describe' }>,
  stream: Stream,
): Answering =>
  describeAnswer(
    described(context.cluster, topic, configs, context).pipe(map((found) => ({ configs: found }))),
    stream,
  );
