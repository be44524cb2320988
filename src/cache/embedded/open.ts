import { map, type SchedulerLike } from 'rxjs';
import { SluiceError } from '../../errors.ts';
import type { Begin } from '../../frame.ts';
import { produceAnswer } from '../../producing/produce-answer.ts';
import type { KafkaBegin } from '../../protocol/kafka.ts';
import { both, producingReply } from '../../protocol/kafka-producing.ts';
import { chosen, describeAnswer, metaAnswer } from '../../protocol/kafka-states.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import { fetchLog } from '../reading/fetch-log.ts';
import type { ReadingOptions } from '../reading/log-topic.ts';
import { mergedLogs } from '../reading/merged-logs.ts';
import { batchStream } from './batch-reader.ts';
import type { EmbeddedLog } from './embedded-log.ts';

export interface OpenOptions extends ReadingOptions {
  /** The credit of a lane that produces, in bytes. */
  readonly produceWindow: number;
  readonly scheduler: SchedulerLike;
}

/** What answers a stream of an embedded log, by its api. @throws SluiceError CONFIG_UNSUPPORTED; KafkaError */
export function open(log: EmbeddedLog, begin: Begin<KafkaBegin>, stream: Stream, options: OpenOptions): Answering {
  const { ext } = begin;
  const topic = log.topic(ext.topic);
  const { produceWindow: window, scheduler } = options;
  const produce = {
    topic: topic.name,
    partitions: topic.metas,
    send: topic.send,
    window,
    maxRecord: topic.maxRecord,
    scheduler,
  };
  switch (ext.api) {
    case 'meta':
      return metaAnswer(topic.metas, stream);
    case 'describe':
      return describeAnswer(topic.descriptions.pipe(map((found) => chosen(found, ext.configs))), stream);
    case 'fetch': {
      const { log } = topic.partition(ext.partition);
      if (ext.batches !== undefined) return batchStream(log, ext, stream, scheduler);
      return fetchLog(topic, ext, stream, options, log);
    }
    case 'produce': {
      topic.partition(ext.partition);
      const answering = produceAnswer(begin, stream, { ...produce, only: ext.partition, acks: 'all' });
      stream.begin(producingReply(ext));
      return answering;
    }
    case 'merged': {
      const { capabilities, acks = 'all', until } = ext;
      if (capabilities === 'fetch') return mergedLogs(topic, ext, stream, options);
      const produced = produceAnswer(begin, stream, { ...produce, acks });
      if (capabilities === 'both') return both(produced, mergedLogs(topic, ext, stream, options), until !== undefined);
      stream.begin(producingReply(ext));
      return produced;
    }
    default:
      throw new SluiceError('CONFIG_UNSUPPORTED', `kafka embedded does not answer ${ext.api} streams`);
  }
}
