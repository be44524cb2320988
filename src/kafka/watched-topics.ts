import { Observable, ReplaySubject } from 'rxjs';
import { listen } from '../listen.ts';
import type { KafkaFault } from '../protocol/kafka.ts';
import { kafkaErrorOf, kafkaFault, NONE } from './kafka-errors.ts';
import type { TopicMetadata } from './requests/metadata.ts';
import { changed, latest, type Topic } from './topic.ts';

export interface WatchedTopicsOptions {
  /** How long a topic, or a leader of it that is known, may be unknown to its cluster, in milliseconds. */
  readonly topicPatience: number;
  /** How long a topic is waited for while no broker can be reached, in milliseconds. */
  readonly patience: number;
  /** Now, in milliseconds. */
  readonly now: () => number;
}

/** A topic that somebody watches. */
interface Watched {
  readonly topics: ReplaySubject<Topic>;
  /** What was told last. */
  topic: Topic | undefined;
  watchers: number;
  create: boolean;
  /** Since when it is waited for. */
  readonly since: number;
  /** Since when the cluster does not know it. */
  unknownSince: number | undefined;
  /** Since when brokers tell of older leaders than are known, though those that are known do not lead. */
  doubtedSince: number | undefined;
}

/** The topics that are watched, and what is known of each. */
export class WatchedTopics {
  readonly #options: WatchedTopicsOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: WatchedTopicsOptions) {
    this.#options = options;
  }

  /** What is known of a topic, and again whenever that changes; `ask` is called if it is nothing yet. */
  watch(name: string, create: boolean, ask: () => void): Observable<Topic> {
    return new Observable((out) => {
      const watched = this.#watched.get(name) ?? this.#add(name);
      watched.watchers += 1;
      watched.create ||= create;
      out.add(() => {
        watched.watchers -= 1;
      });
      listen(watched.topics, out, { next: (topic) => out.next(topic) });
      if (watched.topic === undefined) ask();
    });
  }

  /** Forgets those that nobody watches any more, and answers the names of the others. */
  prune(): string[] {
    for (const [name, { watchers }] of this.#watched) if (watchers === 0) this.#watched.delete(name);
    return [...this.#watched.keys()];
  }

  /** The names of those that are to be made if the cluster does not have them. */
  get missing(): string[] {
    return [...this.#watched].filter(([, { topic, create }]) => create && topic === undefined).map(([name]) => name);
  }

  /** Takes in what a broker answers of a topic, if it does; says whether that is all there is to know: it is led. */
  learn(name: string, found: TopicMetadata | undefined): 'new' | 'same' | 'incomplete' {
    const watched = this.#watched.get(name);
    if (watched === undefined) return 'same';
    if (found?.error === NONE) return this.#known(watched, this.#believed(watched, found));
    return this.#unknown(name, watched, found?.error ?? UNKNOWN_TOPIC_OR_PARTITION);
  }

  /** Says that whoever leads a partition, by what is known, does not, or does not know of it. */
  doubt(name: string): void {
    const watched = this.#watched.get(name);
    if (watched !== undefined) watched.doubtedSince ??= this.#options.now();
  }

  /** Fails those of which nothing is known: at once if the fault is final, else the ones that waited long enough. */
  give(fault: KafkaFault, isFinal: boolean): void {
    const { now, patience } = this.#options;
    for (const [name, { topic, since }] of this.#watched) {
      if (topic === undefined && (isFinal || now() - since >= patience)) this.fail(name, fault);
    }
  }

  /** Fails one, or all, whatever is known of it. */
  fail(name: string, thrown: unknown): void {
    const watched = this.#watched.get(name);
    this.#watched.delete(name);
    watched?.topics.error(thrown);
  }

  #add(name: string): Watched {
    const watched: Watched = {
      topics: new ReplaySubject<Topic>(1),
      topic: undefined,
      watchers: 0,
      create: false,
      since: this.#options.now(),
      unknownSince: undefined,
      doubtedSince: undefined,
    };
    this.#watched.set(name, watched);
    return watched;
  }

  /** What an answer says is believed, older leaders only when those that are known were in doubt for long. */
  #believed(watched: Watched, found: TopicMetadata): Topic {
    const { now, topicPatience } = this.#options;
    const [told, topic] = [latest(found), latest(found, watched.topic)];
    const { doubtedSince } = watched;
    const isDoubted = doubtedSince !== undefined && now() - doubtedSince >= topicPatience;
    if (isDoubted || !changed(told, topic)) watched.doubtedSince = undefined;
    return isDoubted ? told : topic;
  }

  #known(watched: Watched, topic: Topic): 'new' | 'same' | 'incomplete' {
    watched.unknownSince = undefined;
    const isNew = watched.topic === undefined || changed(watched.topic, topic);
    if (isNew) {
      watched.topic = topic;
      watched.topics.next(topic);
    }
    if (topic.partitions.some(({ leader }) => leader < 0)) return 'incomplete';
    return isNew ? 'new' : 'same';
  }

  #unknown(name: string, watched: Watched, error: number): 'same' | 'incomplete' {
    const now = this.#options.now();
    watched.unknownSince ??= now;
    const isPassing = kafkaErrorOf(error).retriable && now - watched.unknownSince < this.#options.topicPatience;
    if (isPassing) return 'incomplete';
    this.fail(name, kafkaFault(error).at(`topic ${name}`));
    return 'same';
  }
}

const UNKNOWN_TOPIC_OR_PARTITION = 3;
