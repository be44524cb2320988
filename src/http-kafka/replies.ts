import {
  EMPTY,
  filter,
  first,
  type MonoTypeOperatorFunction,
  map,
  merge,
  Observable,
  type SchedulerLike,
  switchMap,
  take,
  throwError,
  timeout,
} from 'rxjs';
import { Kept } from '../kept.ts';
import { listen } from '../listen.ts';
import { httpFault } from '../protocol/http.ts';
import type { Filter, Kafka, KafkaRecord } from '../protocol/kafka.ts';
import { errorOf } from '../protocol/kafka-error.ts';
import { taken } from '../protocol/kafka-states.ts';
import type { Binding } from '../protocol.ts';
import type { Run } from '../run.ts';
import { utf8 } from './text.ts';

/** Replies to different requests may have one key. */
const EVERY_RECORD = { api: 'merged', capabilities: 'fetch', conflates: false } as const;

export interface RepliesOptions {
  /** The name of the header that says what a record replies to. */
  readonly header: string;
  /** How long a topic may take to be opened, in milliseconds. */
  readonly timeout: number;
  /** How old a reply may be that is there already, in milliseconds. */
  readonly lookBack: number;
  readonly scheduler: SchedulerLike;
}

/** How long a topic of replies is read on when nobody waits for one any more, in milliseconds. */
const GRACE = 10_000;

export interface ReplyTo {
  /** Where the topic is, for this client; the topic is read for the client alone where that is not the exit of all. */
  readonly exit: Binding<Kafka>;
  readonly topic: string;
  readonly correlationId: string;
  /** Whether the reply may be there already. */
  readonly past: boolean;
}

/**
 * Finds replies by the header that says what they reply to. However many wait for one, a topic is read once, from its end;
 * but for a client whom guards recognised it is read by the rights of that client, and for a reply that may be there already,
 * what is there is looked through, as far back as that counts.
 */
export class Replies {
  readonly #exit: Binding<Kafka>;
  readonly #options: RepliesOptions;
  readonly #feeds: Kept<string, Feed>;

  constructor(exit: Binding<Kafka>, options: RepliesOptions) {
    this.#exit = exit;
    this.#options = options;
    this.#feeds = new Kept((topic) => feedOf(exit, topic, options.header), GRACE, options.scheduler);
  }

  /**
   * What `request` brings about, which is subscribed to once no reply to it can be missed, and handed its reply: the first
   * one, if that comes at all. Errors with a fault where the topic cannot be read.
   */
  correlate<T>(to: ReplyTo, request: (reply: Observable<KafkaRecord>) => Observable<T>): Observable<T> {
    const { exit, topic, correlationId, past } = to;
    const feeds = exit === this.#exit ? this.#feeds.of(topic) : feedOf(exit, topic, this.#options.header);
    return feeds.pipe(
      this.#inTime(topic),
      switchMap((feed) => {
        const known = past ? this.find(to) : EMPTY;
        return request(merge(feed.reply(correlationId), known).pipe(first()));
      }),
      first(),
    );
  }

  /** The reply that is there already; completes without one if there is none that is young enough. */
  find({ exit, topic, correlationId }: ReplyTo): Observable<KafkaRecord> {
    const { header: name, lookBack, scheduler } = this.#options;
    const filters: Filter[] = [[{ header: { name, value: Buffer.from(correlationId) } }]];
    const from = { default: { timestamp: BigInt(Math.max(0, Math.floor(scheduler.now() - lookBack))) } };
    return taken(exit, { ...EVERY_RECORD, topic, from, filters, until: 'latest' }).pipe(
      filter((frame) => frame.kind === 'data'),
      map(({ payload }) => detached(payload as Run<KafkaRecord>, 0)),
      take(1),
      this.#inTime(topic),
    );
  }

  #inTime<T>(topic: string): MonoTypeOperatorFunction<T> {
    const late = (): Observable<never> =>
      throwError(() => httpFault('HTTP_UPSTREAM_TIMEOUT', `topic ${topic} was not read in time`));
    const { timeout: first, scheduler } = this.#options;
    return timeout({ first, with: late, scheduler });
  }
}

/** The replies of a topic as they come, to those who wait for them. */
class Feed {
  readonly #waiting = new Map<string, Set<(reply: KafkaRecord) => void>>();
  readonly #header: string;

  constructor(header: string) {
    this.#header = header;
  }

  reply(correlationId: string): Observable<KafkaRecord> {
    return new Observable((out) => {
      const take = (reply: KafkaRecord): void => out.next(reply);
      const others = this.#waiting.get(correlationId) ?? new Set();
      this.#waiting.set(correlationId, others.add(take));
      out.add(() => {
        others.delete(take);
        if (others.size === 0) this.#waiting.delete(correlationId);
      });
    });
  }

  deliver(run: Run<KafkaRecord>): void {
    if (this.#waiting.size === 0) return;
    for (let index = 0; index < run.length; index += 1) {
      for (const { name, value } of run.at(index).headers) {
        const takers = name === this.#header ? this.#waiting.get(utf8(value)) : undefined;
        if (takers === undefined) continue;
        const reply = detached(run, index);
        for (const take of [...takers]) take(reply);
      }
    }
  }
}

/** A record of a run, in memory of its own. */
const detached = (run: Run<KafkaRecord>, index: number): KafkaRecord =>
  run
    .slice(index, index + 1)
    .detach()
    .at(0);

const feedOf = (exit: Binding<Kafka>, topic: string, header: string): Observable<Feed> =>
  new Observable((out) => {
    const feed = new Feed(header);
    listen(taken(exit, { ...EVERY_RECORD, topic, from: { default: 'latest' } }), out, {
      next(frame) {
        if (frame.kind === 'begin') out.next(feed);
        else if (frame.kind === 'data') feed.deliver(frame.payload as Run<KafkaRecord>);
        else if ('mark' in frame.ext && frame.ext.mark === 'gap')
          out.error(httpFault('HTTP_UNAVAILABLE', `replies of topic ${topic} are gone before they were read`));
      },
      complete: () => out.error(errorOf()),
    });
  });
