import { ignoreElements, merge, type Observable, ReplaySubject, share, switchMap, tap } from 'rxjs';
import type { BackoffOptions } from '../../src/backoff.ts';
import type { Cache } from '../../src/cache/cache.ts';
import { Directory } from '../../src/cache/directory.ts';
import { FollowedTopics } from '../../src/cache/following/followed-topics.ts';
import { type CacheOptions, openCache } from '../../src/cache/open-cache.ts';
import { open } from '../../src/cache/streams/open.ts';
import type { Kafka, KafkaFault } from '../../src/protocol/kafka.ts';
import { onlyProduces } from '../../src/protocol/kafka-producing.ts';
import { directAnswer, isDirect } from '../../src/protocol/kafka-states.ts';
import { answer } from '../../src/protocol/kafka-stream.ts';
import { type Warmth, warmth } from '../../src/protocol/kafka-warmth.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';
import { Stages, settingsOf } from '../../src/stage/stages.ts';

export interface CacheServerOptions extends Omit<CacheOptions, 'kind'>, BackoffOptions {
  /** Where the cache is; opened and locked when it is first needed. */
  readonly dir: string;
  /** The topics that are kept fresh while it runs, though nobody reads them. */
  readonly bootstrap?: readonly string[];
  /** What is particular to topics, by name. */
  readonly topics?: readonly CachedTopicOptions[];
  /** How long a topic is followed on when nobody reads it any more, in milliseconds, an integer >= 0; 30,000 by default. */
  readonly grace?: number;
  /** Told what failed and is tried again. */
  readonly onRetry?: (fault: KafkaFault) => void;
  /** Told how far the caches of `bootstrap` topics are. */
  readonly onWarmth?: (warmth: Warmth) => void;
}

export interface CachedTopicOptions {
  readonly name: string;
  /**
   * Where the cache of a topic begins that is not compacted, and a stream that names no offset: at the first record there
   * is, which is the default, or with what comes from now on. Compacted topics are always `historical`.
   */
  readonly defaultOffset?: 'live' | 'historical';
}

/** A binding that has something to do beside its streams. */
export interface CacheServer extends Binding<Kafka> {
  /** Keeps the `bootstrap` topics fresh while it is subscribed to. Errors with the fault of a cache that cannot be opened. */
  readonly running: Observable<never>;
}

/** The credit of each lane that produces, in bytes: as much as a kafka client gives one. */
const STAGE_WINDOW = 1024 * 1024;

/**
 * Keeps topics in a persistent cache on this machine's disk, level with the source that its exit reaches, whoever reads them
 * and however many: one stream of a topic's metadata and configuration and one of each partition. A topic is followed from
 * the first interest in it, and for a while after the last; `bootstrap` topics are while it runs.
 *
 * It answers `meta` and `describe`, from what it remembers if the source cannot be reached; `fetch` with the log of a
 * partition, from which a `cache_client` reads; and `bootstrap`, which tells how far the cache of a topic is. The lanes that
 * produce to a partition, of all its clients, are joined: its exit gets one stream of whole records for each.
 *
 * @param exit what it follows, such as a kafka `client`: its `fetch` streams can be asked for whole batches
 *
 * @example
 * const server = cacheServer(client(tcpClient(), { servers }), { dir: '.sluice/cache', bootstrap: ['items'] });
 */
export function cacheServer(exit: Binding<Kafka>, options: CacheServerOptions): CacheServer {
  const { dir, bootstrap = [], topics: chosen = [], grace = 30_000, scheduler = eventLoop } = options;
  const { onRetry = () => {}, onWarmth = () => {} } = options;
  const defaults = new Map(chosen.map(({ name, defaultOffset }) => [name, defaultOffset]));
  const cache = openCache(dir, { ...options, kind: 'cache' }).pipe(
    share({ connector: () => new ReplaySubject<Cache>(1) }),
  );
  const topics = new FollowedTopics({
    exit,
    logs: (topic) => cache.pipe(switchMap((opened) => opened.topic(topic))),
    defaultOffset: (topic) => defaults.get(topic) ?? 'historical',
    grace,
    backoff: options,
    scheduler,
    onRetry,
  });
  const written = topics.written.bind(topics);
  const stages = new Stages(
    exit,
    settingsOf({ store: new Directory(dir).staged, window: STAGE_WINDOW, grace, written, scheduler }),
  );
  const binding = answer((begin, stream) => {
    const { ext, control } = begin;
    if (isDirect(ext)) return directAnswer(exit, ext, stream);
    return onlyProduces(ext) ? stages.answer(ext, control, stream) : open(topics, begin, stream);
  }, scheduler);
  const running = merge(...bootstrap.map((topic) => warmth(binding, topic).pipe(tap(onWarmth), ignoreElements())));
  return Object.assign(binding, { running });
}
