import {
  catchError,
  combineLatest,
  concat,
  defer,
  EMPTY,
  forkJoin,
  map,
  merge,
  NEVER,
  Observable,
  of,
  type SchedulerLike,
  Subscriber,
  switchMap,
} from 'rxjs';
import { listen } from '../../listen.ts';
import { eventLoop } from '../../scheduler.ts';
import type { Cache } from '../cache.ts';
import { type CacheOptions, openCache } from '../open-cache.ts';
import { unknown } from '../unknown.ts';
import { type EmbeddedContext, type EmbeddedTopic, prepared } from './embedded-topic.ts';
import { type EmbeddedTopicOptions, topicsByName } from './topic-options.ts';

export interface EmbeddedLogOptions extends Omit<CacheOptions, 'kind'> {
  /** Where it is: a directory of its own. */
  readonly dir: string;
  /** The topics that there are at least. */
  readonly topics?: readonly EmbeddedTopicOptions[];
  readonly scheduler?: SchedulerLike;
}

/** Topics that this machine's disk has the only copy of, open. */
export class EmbeddedLog {
  readonly #topics: ReadonlyMap<string, EmbeddedTopic>;

  constructor(topics: readonly EmbeddedTopic[]) {
    this.#topics = new Map(topics.map((topic) => [topic.name, topic]));
  }

  /** @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION */
  topic(name: string): EmbeddedTopic {
    const found = this.#topics.get(name);
    if (found === undefined) throw unknown(name);
    return found;
  }

  /** Takes nothing more; completes once nothing is being written any more. */
  close(): Observable<never> {
    return merge(...[...this.#topics.values()].map((topic) => topic.close()));
  }
}

/**
 * The log of a directory, opened and locked while this is subscribed to; emits once and never completes. Errors as
 * `openCache` does, and with OPTION_INVALID where a topic cannot be what it is wanted to be.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function embeddedLog(options: EmbeddedLogOptions): Observable<EmbeddedLog> {
  const { dir: directory, topics = [], scheduler = eventLoop } = options;
  const wanted = topicsByName(topics);
  // Of the one that was open before; the directory is locked until then.
  let closed: Observable<never> = EMPTY;
  return new Observable((out) => {
    let log: EmbeddedLog | undefined;
    const life = new Subscriber<never>({ next() {}, error: (thrown: unknown) => out.error(thrown), complete() {} });
    const context: EmbeddedContext = { directory, scheduler, life };
    const opened = (cache: Cache): Observable<EmbeddedLog> => {
      closed = cache.closed;
      const names = [...new Set([...cache.names, ...wanted.keys()])];
      if (names.length === 0) return concat(of(new EmbeddedLog([])), NEVER);
      return combineLatest(names.map((name) => cache.topic(name))).pipe(
        switchMap((found) => forkJoin(found.map((topic) => prepared(topic, wanted.get(topic.name), context)))),
        map((prepared) => new EmbeddedLog(prepared)),
      );
    };
    const cache = defer(() =>
      concat(closed.pipe(catchError(() => EMPTY)), openCache(directory, { ...options, kind: 'embedded' })),
    );
    listen(cache.pipe(switchMap(opened)), life, {
      next(found) {
        log = found;
        out.next(found);
      },
    });
    out.add(() => {
      if (log === undefined) life.unsubscribe();
      else log.close().subscribe({ complete: () => life.unsubscribe() });
    });
  });
}
