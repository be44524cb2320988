import { map } from 'rxjs';
import { data } from '../../frame.ts';
import type { KafkaBegin } from '../../protocol/kafka.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import { described } from '../describe.ts';
import type { Context } from './context.ts';
import { latestOf } from './latest-of.ts';

/** A topic's configuration, again whenever it changes. */
export const describeStream = (
  context: Context,
  { topic, configs }: Extract<KafkaBegin, { api: 'describe' }>,
  stream: Stream,
): Answering => {
  const descriptions = described(context.cluster, topic, configs, context).pipe(
    map((found) => data({ configs: found }, Buffer.byteLength(JSON.stringify(found)))),
  );
  return latestOf(descriptions, { api: 'describe' }, stream);
};
