import { defer, Observable, type SchedulerLike, Subscriber, type Subscription } from 'rxjs';
import { Backoff } from '../backoff.ts';
import { positive, SluiceError } from '../errors.ts';
import { listen } from '../listen.ts';
import type { KafkaFault } from '../protocol/kafka.ts';
import { isFault } from '../protocol/kafka-error.ts';
import type { Endpoint, Net } from '../protocol/net.ts';
import type { Binding } from '../protocol.ts';
import { eventLoop } from '../scheduler.ts';
import { heals, kafkaFault } from './kafka-errors.ts';
import { Pool, type PoolOptions } from './pool.ts';
import type { Answer, Api } from './requests/api.ts';
import { type MetadataAnswer, metadata } from './requests/metadata.ts';
import type { Topic } from './topic.ts';
import { WatchedTopics } from './watched-topics.ts';

export interface ClusterOptions extends PoolOptions {
  /** How old metadata may become, in milliseconds, an integer >= 1; 30,000 by default. New partitions show then. */
  readonly metadataMaxAge?: number;
  /** How long a topic, or a leader of it, may be unknown to its cluster, in milliseconds, an integer >= 1; 2,000 by default. */
  readonly topicPatience?: number;
  /** How long a topic is waited for while no broker can be reached, in milliseconds, an integer >= 1; 120,000 by default. */
  readonly patience?: number;
  /** Told what is tried again, and why. */
  readonly onRetry?: (fault: KafkaFault) => void;
}

/** How often in a row each server may hang up before it has said anything until that is taken for its answer. */
const MOST_HANG_UPS = 3;

/** The most that a refresh waits for others, in milliseconds. */
const MOST_REFRESH_WAIT = 1_000;

/**
 * What is known of a cluster, and the way to its brokers. One metadata request at a time asks for all topics that are
 * watched: when one is watched for the first time, when it was found stale, and when it is old.
 */
export class Cluster {
  readonly #servers: readonly Endpoint[];
  readonly #pool: Pool;
  readonly #metadataMaxAge: number;
  readonly #onRetry: (fault: KafkaFault) => void;
  readonly #scheduler: SchedulerLike;
  readonly #topics: WatchedTopics;
  readonly #refreshes: Backoff;
  readonly #life: Subscriber<never>;
  #brokers = new Map<number, Endpoint>();
  /** Which of the servers and brokers is asked, and how often in a row one hung up. */
  #turn = 0;
  #hangUps = 0;
  #asking = false;
  #again = false;
  #next: { readonly at: number; readonly timer: Subscription } | undefined;

  /**
   * @param servers where to begin, at least one
   * @throws SluiceError OPTION_INVALID
   */
  constructor(exit: Binding<Net>, servers: readonly Endpoint[], options: ClusterOptions = {}) {
    const { metadataMaxAge = 30_000, topicPatience = 2_000, patience = 120_000, onRetry = () => {} } = options;
    positive('metadataMaxAge', metadataMaxAge);
    positive('topicPatience', topicPatience);
    positive('patience', patience);
    if (servers.length === 0) throw new SluiceError('OPTION_INVALID', 'servers must name at least one');
    this.#servers = servers;
    this.#metadataMaxAge = metadataMaxAge;
    this.#onRetry = onRetry;
    this.#scheduler = options.scheduler ?? eventLoop;
    this.#topics = new WatchedTopics({ topicPatience, patience, now: () => this.#scheduler.now() });
    this.#refreshes = new Backoff({ ...options, maxBackoff: MOST_REFRESH_WAIT });
    this.#pool = new Pool(exit, options);
    const defect = (thrown: unknown): void => {
      for (const name of this.#topics.prune()) this.#topics.fail(name, thrown);
    };
    this.#life = new Subscriber<never>({ next() {}, error: defect, complete() {} });
    this.#life.add(() => this.#pool.close());
  }

  /**
   * What is known of a topic, as soon as it is, and again whenever it changed.
   *
   * Errors with a KafkaError that has Kafka's code: UNKNOWN_TOPIC_OR_PARTITION, TOPIC_AUTHORIZATION_FAILED,
   * INVALID_TOPIC_EXCEPTION and such; or with what keeps every broker from being asked, at once where that will not
   * heal and else when `patience` is over.
   *
   * @param create whether the cluster may make it, if it does so at all
   */
  topic(name: string, { create = false }: { readonly create?: boolean } = {}): Observable<Topic> {
    return this.#topics.watch(name, create, () => this.#askIn(0));
  }

  /** Says that what is known of a topic proved stale; it is asked for again, the sooner the longer all went well. */
  refresh(): void {
    if (this.#next === undefined || this.#next.at > this.#scheduler.now() + MOST_REFRESH_WAIT) {
      this.#askIn(this.#refreshes.next());
    }
  }

  /** Says that whoever is known to lead a partition of this topic does not, or does not know of it. */
  doubt(topic: string): void {
    this.#topics.doubt(topic);
    this.refresh();
  }

  /** As `Pool.request`, by the id of a broker; LEADER_NOT_AVAILABLE if there is none of that id. */
  request<Q, R extends Answer>(broker: number, api: Api<Q, R>, body: Q, timeout?: number): Observable<R> {
    return defer(() => {
      const endpoint = this.#brokers.get(broker);
      if (endpoint === undefined) throw kafkaFault(LEADER_NOT_AVAILABLE, `no broker has the id ${broker} now`);
      return this.#pool.request(endpoint, api, body, timeout);
    });
  }

  /** As `Pool.request`, of whichever broker answered last; after a failure, ask again and another is asked. */
  ask<Q, R extends Answer>(api: Api<Q, R>, body: Q, timeout?: number): Observable<R> {
    return new Observable((out) => {
      const turn = this.#turn;
      listen(this.#pool.request(this.#candidate(), api, body, timeout), out, {
        next: (answer) => out.next(answer),
        error: (fault) => {
          if (this.#turn === turn) this.#turn += 1;
          out.error(fault);
        },
      });
    });
  }

  /** Cuts every connection off. What is watched then stays as it is. */
  close(): void {
    this.#life.unsubscribe();
  }

  /** The brokers, and the servers in case none of those is there any more. */
  #candidate(): Endpoint {
    const all = [...this.#brokers.values(), ...this.#servers];
    return all[this.#turn % all.length] as Endpoint;
  }

  #askIn(wait: number): void {
    const at = this.#scheduler.now() + wait;
    if (this.#life.closed || (this.#next !== undefined && this.#next.at <= at)) return;
    this.#next?.timer.unsubscribe();
    const timer = this.#scheduler.schedule(() => {
      this.#next = undefined;
      if (this.#asking) this.#again = true;
      else this.#ask();
    }, wait);
    this.#next = { at, timer };
    this.#life.add(timer);
  }

  #ask(): void {
    const names = this.#topics.prune();
    const { missing } = this.#topics;
    if (names.length === 0) return;
    // The request says for all its topics whether they may be made, so those that may not are asked for apart.
    const create = missing.length > 0;
    const topics = create ? missing : names;
    if (topics.length < names.length) this.#askIn(0);
    this.#asking = true;
    listen(this.ask(metadata, { topics, create }), this.#life, {
      next: (answer) => {
        this.#hangUps = 0;
        this.#learn(answer, topics);
        this.#asked(this.#metadataMaxAge);
      },
      error: (thrown) => {
        this.#failed(thrown);
        // The pool waits before it connects again to where that failed.
        this.#asked(0);
      },
      complete() {},
    });
  }

  #learn({ brokers, topics }: MetadataAnswer, asked: readonly string[]): void {
    this.#brokers = new Map(brokers.map(({ id, host, port }) => [id, { address: host, port }]));
    const answered = new Map(topics.map((topic) => [topic.topic, topic]));
    for (const name of asked) {
      const state = this.#topics.learn(name, answered.get(name));
      if (state === 'new') this.#refreshes.reset();
      else if (state === 'incomplete') this.refresh();
    }
  }

  #failed(thrown: unknown): void {
    if (!isFault(thrown)) throw thrown;
    this.#hangUps = thrown.code === 'KAFKA_DISCONNECTED' ? this.#hangUps + 1 : 0;
    const isHungUp = this.#brokers.size === 0 && this.#hangUps >= MOST_HANG_UPS * this.#servers.length;
    this.#topics.give(thrown, !heals(thrown) || isHungUp);
    if (this.#topics.prune().length > 0) this.#onRetry(thrown);
  }

  #asked(next: number): void {
    this.#asking = false;
    this.#askIn(this.#again ? 0 : next);
    this.#again = false;
  }
}

const LEADER_NOT_AVAILABLE = 5;
