import { Observable, ReplaySubject, type SchedulerLike, Subscriber, share, switchMap, timer } from 'rxjs';
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
  readonly #topics = new Map<string, Observable<FollowedTopic>>();

  constructor(options: FollowedTopicsOptions) {
    this.#options = options;
  }

  /** A topic, followed as long as this is subscribed to; never completes. */
  of(topic: string): Observable<FollowedTopic> {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const { grace, scheduler, logs } = this.#options;
    const followed = logs(topic).pipe(
      switchMap((logs) => this.#follow(topic, logs)),
      share({
        connector: () => new ReplaySubject<FollowedTopic>(1),
        resetOnRefCountZero: () => timer(grace, scheduler),
      }),
    );
    this.#topics.set(topic, followed);
    return followed;
  }

  #follow(topic: string, logs: FollowedLogs): Observable<FollowedTopic> {
    const { defaultOffset, ...options } = this.#options;
    return new Observable((out) => {
      const life = new Subscriber<never>({ next() {}, error: (thrown: unknown) => out.error(thrown), complete() {} });
      out.add(life);
      out.next(new FollowedTopic({ ...options, topic, logs, defaultOffset: defaultOffset(topic) }, life));
    });
  }
}
