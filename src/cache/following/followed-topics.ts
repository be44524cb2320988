import { Observable, type SchedulerLike, Subscriber, switchMap } from 'rxjs';
import { Kept } from '../../kept.ts';
import type { FollowedLogs } from './followed-log.ts';
import { FollowedTopic, type FollowedTopicOptions } from './followed-topic.ts';

export interface FollowedTopicsOptions extends Omit<FollowedTopicOptions, 'logs' | 'topic' | 'defaultOffset'> {
  /** Where the logs of topics are; what is opened for a topic is closed when nobody is interested any more. */
  readonly logs: (topic: string) => Observable<FollowedLogs>;
  /** Where the logs of a topic begin that is not compacted. */
  readonly defaultOffset: (topic: string) => FollowedTopicOptions['defaultOffset'];
  /** How long a topic is followed on when nobody is interested any more, in milliseconds. */
  readonly grace: number;
  readonly scheduler: SchedulerLike;
}

/** The topics that are followed: each once, however many are interested, and for a while after the last has left. */
export class FollowedTopics {
  readonly #options: FollowedTopicsOptions;
  readonly #topics: Kept<string, FollowedTopic>;
  readonly #followed = new Map<string, FollowedTopic>();

  constructor(options: FollowedTopicsOptions) {
    const { logs, grace, scheduler } = options;
    this.#options = options;
    this.#topics = new Kept(
      (topic) => logs(topic).pipe(switchMap((opened) => this.#follow(topic, opened))),
      grace,
      scheduler,
    );
  }

  /** A topic, followed as long as this is subscribed to; never completes. */
  of(topic: string): Observable<FollowedTopic> {
    return this.#topics.of(topic);
  }

  /** Learns that the source has a record at an offset, which matters where its topic is followed. */
  written(topic: string, partition: number, offset: bigint): void {
    this.#followed.get(topic)?.written(partition, offset);
  }

  #follow(topic: string, logs: FollowedLogs): Observable<FollowedTopic> {
    const { defaultOffset, ...options } = this.#options;
    return new Observable((out) => {
      const life = new Subscriber<never>({ next() {}, error: (thrown: unknown) => out.error(thrown), complete() {} });
      out.add(life);
      const followed = new FollowedTopic({ ...options, topic, logs, defaultOffset: defaultOffset(topic) }, life);
      this.#followed.set(topic, followed);
      out.add(() => this.#followed.delete(topic));
      out.next(followed);
    });
  }
}
