import { type Failed, kafkajsApi, type Throttled } from '../kafkajs.ts';
import type { Answer } from './api.ts';

/** What became of one of the topics; error 0 if it went well. */
export interface TopicOutcome {
  readonly topic: string;
  readonly error: number;
  readonly message: string | null;
}

/** The configuration of topics, of each the names given or, with an empty list, all. */
export const describeConfigs = kafkajsApi<
  { readonly topics: readonly { readonly topic: string; readonly configs: readonly string[] }[] },
  Answer & {
    readonly topics: readonly (TopicOutcome & {
      readonly configs: readonly {
        readonly name: string;
        readonly value: string | null;
        readonly isDefault: boolean;
      }[];
    })[];
  },
  Throttled & {
    resources: (Failed & {
      resourceName: string;
      configEntries: { configName: string; configValue: string | null; isDefault: boolean }[];
    })[];
  }
>({
  key: 32,
  name: 'DescribeConfigs',
  version: 2,
  request: ({ topics }) => ({
    resources: topics.map(({ topic, configs }) => ({ type: TOPIC, name: topic, configNames: configs })),
    includeSynonyms: false,
  }),
  answer: ({ clientSideThrottleTime, resources }) => ({
    throttleMs: clientSideThrottleTime,
    topics: resources.map(({ resourceName, configEntries, ...failed }) => ({
      ...outcome(resourceName, failed),
      configs: configEntries.map(({ configName: name, configValue: value, isDefault }) => ({ name, value, isDefault })),
    })),
  }),
});

/** Makes topics; -1 for as many partitions or replicas as the cluster does by itself. */
export const createTopics = kafkajsApi<
  {
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: number;
      readonly replication: number;
      readonly configs?: Readonly<Record<string, string>>;
    }[];
    readonly timeoutMs: number;
  },
  Answer & { readonly topics: readonly TopicOutcome[] },
  Throttled & { topicErrors: (Failed & { topic: string })[] }
>({
  key: 19,
  name: 'CreateTopics',
  version: 3,
  request: ({ topics, timeoutMs }) => ({
    topics: topics.map(({ topic, partitions, replication, configs = {} }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor: replication,
      configEntries: Object.entries(configs).map(([name, value]) => ({ name, value })),
    })),
    timeout: timeoutMs,
  }),
  answer: ({ clientSideThrottleTime, topicErrors }) => ({
    throttleMs: clientSideThrottleTime,
    topics: topicErrors.map(({ topic, ...failed }) => outcome(topic, failed)),
  }),
});

/** Deletes topics by name. */
export const deleteTopics = kafkajsApi<
  { readonly topics: readonly string[]; readonly timeoutMs: number },
  Answer & { readonly topics: readonly TopicOutcome[] },
  Throttled & { topicErrors: (Failed & { topic: string })[] }
>({
  key: 20,
  name: 'DeleteTopics',
  version: 1,
  request: ({ topics, timeoutMs }) => ({ topics, timeout: timeoutMs }),
  answer: ({ clientSideThrottleTime, topicErrors }) => ({
    throttleMs: clientSideThrottleTime,
    topics: topicErrors.map(({ topic, ...failed }) => outcome(topic, failed)),
  }),
});

const TOPIC = 2;

const outcome = (topic: string, { errorCode, errorMessage }: Failed): TopicOutcome => ({
  topic,
  error: errorCode,
  message: errorMessage || null,
});
