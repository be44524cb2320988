import { map, type SchedulerLike } from 'rxjs';
import { fetchLog } from '../../src/cache/reading/fetch-log.ts';
import { mergedLogs } from '../../src/cache/reading/merged-logs.ts';
import { UpstreamTopics } from '../../src/cache/reading/upstream-topics.ts';
import { positive, SluiceError } from '../../src/errors.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import { chosen, describeAnswer, metaAnswer } from '../../src/protocol/kafka-states.ts';
import { answer } from '../../src/protocol/kafka-stream.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';

export interface CacheClientOptions {
  /** How long a bounded read may take nothing, in milliseconds, an integer >= 1; 60,000 by default. */
  readonly snapshotTimeout?: number;
  /** How long it stays interested in what nobody reads any more, in milliseconds, an integer >= 1; 10,000 by default. */
  readonly grace?: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Serves any number of streams from the logs that its exit brings, each with an offset, filters and a pace of its own, all
 * partitions of a topic merged where that is asked for. Nothing is buffered for a stream: what it gets next is looked for
 * when it takes it, so that one that is slow conflates on a compacted topic, and is told what it missed on any other.
 *
 * It answers `meta` and `describe`, `fetch` and the reading side of `merged`. A stream that names no offset begins where
 * the exit says.
 *
 * @param exit what keeps the logs, such as a `cacheServer`; with a log missing from its reply, streams are aborted with
 * `CACHE_LOG_MISSING`
 * @throws SluiceError OPTION_INVALID
 *
 * @example
 * const kafka = cacheClient(cacheServer(client(tcpClient(), { servers }), { dir: '.sluice/cache' }));
 */
export function cacheClient(exit: Binding<Kafka>, options: CacheClientOptions = {}): Binding<Kafka> {
  const { snapshotTimeout = 60_000, grace = 10_000, scheduler = eventLoop } = options;
  positive('snapshotTimeout', snapshotTimeout);
  const topics = new UpstreamTopics(exit, positive('grace', grace), scheduler);
  return answer(({ ext }, stream) => {
    const topic = topics.of(ext.topic);
    switch (ext.api) {
      case 'meta':
        return metaAnswer(topic.metas, stream);
      case 'describe':
        return describeAnswer(topic.descriptions.pipe(map((found) => chosen(found, ext.configs))), stream);
      case 'fetch':
        if (ext.batches !== undefined) throw unsupported('streams of whole batches');
        return fetchLog(topic, ext, stream, { snapshotTimeout, scheduler });
      case 'merged':
        if (ext.capabilities !== 'fetch') throw unsupported('merged streams that produce');
        return mergedLogs(topic, ext, stream, { snapshotTimeout, scheduler });
      default:
        throw unsupported(`${ext.api} streams`);
    }
  }, scheduler);
}

const unsupported = (what: string): SluiceError =>
  new SluiceError('CONFIG_UNSUPPORTED', `kafka cache_client does not answer ${what}`);
