import { SluiceError } from '../../errors.ts';
import type { Begin } from '../../frame.ts';
import type { KafkaBegin } from '../../protocol/kafka.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import type { Context } from './context.ts';
import { describeStream } from './describe-stream.ts';
import { fetchStream } from './fetch-stream.ts';
import { mergedStream } from './merged-stream.ts';
import { metaStream } from './meta-stream.ts';
import { produceStream } from './produce-stream.ts';

/** What answers a stream, by its api. @throws SluiceError CONFIG_UNSUPPORTED */
export function open(context: Context, begin: Begin<KafkaBegin>, stream: Stream): Answering {
  const { ext, control } = begin;
  switch (ext.api) {
    case 'meta':
      return metaStream(context, ext, stream);
    case 'describe':
      return describeStream(context, ext, stream);
    case 'fetch':
      return fetchStream(context, ext, stream);
    case 'merged':
      return mergedStream(context, { kind: 'begin', ext, control }, stream);
    case 'produce':
      return produceStream(context, { kind: 'begin', ext, control }, stream);
    default:
      throw new SluiceError('CONFIG_UNSUPPORTED', `kafka client does not answer ${ext.api} streams`);
  }
}
