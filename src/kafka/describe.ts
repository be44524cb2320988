import { defer, distinctUntilChanged, map, type Observable, repeat, retry, type SchedulerLike, timer } from 'rxjs';
import { Backoff, type BackoffOptions } from '../backoff.ts';
import type { KafkaFault } from '../protocol/kafka.ts';
import { isFault } from '../protocol/kafka-error.ts';
import type { Cluster } from './cluster.ts';
import { heals, kafkaFault, NONE } from './kafka-errors.ts';
import { describeConfigs } from './requests/topics.ts';

/** A topic's configuration, by name. */
export type Configs = Readonly<Record<string, string | null>>;

export interface DescribeOptions {
  /** How often it is looked whether something changed, in milliseconds. */
  readonly metadataMaxAge: number;
  readonly backoff: BackoffOptions;
  readonly scheduler: SchedulerLike;
  readonly onRetry: (fault: KafkaFault) => void;
}

/**
 * The named configs of a topic, or all for an empty list, and again whenever one changed. Errors with Kafka's code,
 * such as TOPIC_AUTHORIZATION_FAILED.
 */
export function described(
  cluster: Cluster,
  topic: string,
  configs: readonly string[],
  { metadataMaxAge, backoff, scheduler, onRetry }: DescribeOptions,
): Observable<Configs> {
  const waits = new Backoff(backoff);
  return defer(() => cluster.ask(describeConfigs, { topics: [{ topic, configs }] })).pipe(
    map(({ topics }) => {
      const [found] = topics;
      if (found === undefined || found.error !== NONE) {
        throw kafkaFault(found?.error ?? UNKNOWN, found?.message).at(`DescribeConfigs of ${topic}`);
      }
      waits.reset();
      return Object.fromEntries(found.configs.map(({ name, value }) => [name, value]));
    }),
    retry({
      delay(thrown) {
        if (!isFault(thrown) || !heals(thrown)) throw thrown;
        onRetry(thrown);
        return timer(waits.next(), scheduler);
      },
    }),
    repeat({ delay: () => timer(metadataMaxAge, scheduler) }),
    distinctUntilChanged((before, after) => JSON.stringify(before) === JSON.stringify(after)),
  );
}

const UNKNOWN = -1;
