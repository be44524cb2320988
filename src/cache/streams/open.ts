import { map, switchMap } from 'rxjs';
import { SluiceError } from '../../errors.ts';
import type { Begin } from '../../frame.ts';
import type { KafkaBegin } from '../../protocol/kafka.ts';
import { chosen, describeAnswer, metaAnswer } from '../../protocol/kafka-states.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import type { FollowedTopics } from '../following/followed-topics.ts';
import { bootstrapStream } from './bootstrap-stream.ts';
import { logStream } from './log-stream.ts';

/** What answers a stream of a cache_server, by its api. @throws SluiceError CONFIG_UNSUPPORTED */
export function open(topics: FollowedTopics, { ext }: Begin<KafkaBegin>, stream: Stream): Answering {
  switch (ext.api) {
    case 'meta':
      return metaAnswer(topics.of(ext.topic).pipe(switchMap(({ metas }) => metas)), stream);
    case 'describe': {
      const { configs: names } = ext;
      const descriptions = topics.of(ext.topic).pipe(
        switchMap(({ descriptions }) => descriptions),
        map((description) => chosen(description, names)),
      );
      return describeAnswer(descriptions, stream);
    }
    case 'fetch':
      return logStream(topics, ext, stream);
    case 'bootstrap':
      return bootstrapStream(topics, ext, stream);
    default:
      throw new SluiceError('CONFIG_UNSUPPORTED', `kafka cache_server does not answer ${ext.api} streams`);
  }
}
