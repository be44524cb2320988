import { map, type SchedulerLike } from 'rxjs';
import { fetchLog } from '../../src/cache/reading/fetch-log.ts';
import { mergedLogs } from '../../src/cache/reading/merged-logs.ts';
import { UpstreamTopics } from '../../src/cache/reading/upstream-topics.ts';
import { positive, SluiceError } from '../../src/errors.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import { both, onlyProduces } from '../../src/protocol/kafka-producing.ts';
import { chosen, describeAnswer, directAnswer, isDirect, metaAnswer } from '../../src/protocol/kafka-states.ts';
import { answer } from '../../src/protocol/kafka-stream.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';
import { type StageOptions, Stages, settingsOf } from '../../src/stage/stages.ts';

export interface CacheClientOptions {
  /**
   * Where what is produced waits that is too large for memory: a directory, made when it is first needed. Without it nothing
   * can be produced.
   */
  readonly dir?: string;
  /** How much of what is produced waits in memory and on disk, as for `stage`. */
  readonly stage?: Pick<StageOptions, 'window' | 'disk'>;
  /** How long a bounded read may take nothing, in milliseconds, an integer >= 1; 60,000 by default. */
  readonly snapshotTimeout?: number;
  /** How long it stays interested in what nobody reads or produces to, in milliseconds, an integer >= 1; 10,000 by default. */
  readonly grace?: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Serves any number of streams from the logs that its exit brings, each with an offset, filters and a pace of its own, all
 * partitions of a topic merged where that is asked for. Nothing is buffered for a stream: what it gets next is looked for
 * when it takes it, so that one that is slow conflates on a compacted topic, and is told what it missed on any other.
 *
 * What is produced is staged: any number of streams send records in fragments, each of which is put together aside from the
 * others, and the exit gets one stream of whole records for each partition. A stream that does both sees its own records
 * come back at the offsets that their answers tell.
 *
 * It answers `meta` and `describe`, `fetch`, `produce` and `merged`. A stream that reads and names no offset begins where the
 * exit says.
 *
 * @param exit what keeps the logs and takes what is produced, such as a `cacheServer`; with a log missing from its reply,
 * streams are aborted with `CACHE_LOG_MISSING`
 * @throws SluiceError OPTION_INVALID
 *
 * @example
 * const server = cacheServer(client(tcpClient(), { servers }), { dir: '.sluice/cache' });
 * const kafka = cacheClient(server, { dir: '.sluice/stage' });
 */
export function cacheClient(exit: Binding<Kafka>, options: CacheClientOptions = {}): Binding<Kafka> {
  const { dir, snapshotTimeout = 60_000, grace = 10_000, scheduler = eventLoop } = options;
  positive('snapshotTimeout', snapshotTimeout);
  const topics = new UpstreamTopics(exit, positive('grace', grace), scheduler);
  const reading = { snapshotTimeout, scheduler };
  const stages =
    dir === undefined ? undefined : new Stages(exit, settingsOf({ ...options.stage, store: dir, grace, scheduler }));
  const staging = (): Stages => {
    if (stages === undefined) throw unsupported('streams that produce, since it has no directory');
    return stages;
  };
  return answer(({ ext, control }, stream) => {
    if (isDirect(ext)) return directAnswer(exit, ext, stream);
    if (onlyProduces(ext)) return staging().answer(ext, control, stream);
    const topic = topics.of(ext.topic);
    switch (ext.api) {
      case 'meta':
        return metaAnswer(topic.metas, stream);
      case 'describe':
        return describeAnswer(topic.descriptions.pipe(map((found) => chosen(found, ext.configs))), stream);
      case 'fetch':
        if (ext.batches !== undefined) throw unsupported('streams of whole batches');
        return fetchLog(topic, ext, stream, reading);
      case 'merged': {
        const produced = ext.capabilities === 'both' ? staging().open(ext, control, stream) : undefined;
        const fetched = mergedLogs(topic, ext, stream, reading);
        return produced === undefined ? fetched : both(produced, fetched, ext.until !== undefined);
      }
      default:
        throw unsupported(`${ext.api} streams`);
    }
  }, scheduler);
}

const unsupported = (what: string): SluiceError =>
  new SluiceError('CONFIG_UNSUPPORTED', `kafka cache_client does not answer ${what}`);
