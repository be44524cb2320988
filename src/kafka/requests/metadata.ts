import { type Answer, api } from './api.ts';

/** What of the cluster is asked for. */
export interface MetadataRequest {
  /** By name; `null` for all there are, none for the brokers alone. */
  readonly topics: readonly string[] | null;
  /** Whether the broker may make those that are missing; never, by default. */
  readonly create?: boolean;
}

export interface BrokerMetadata {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface PartitionMetadata {
  readonly error: number;
  readonly partition: number;
  /** The id of the broker that leads it; -1 where none does. */
  readonly leader: number;
  /** -1 where it is not known. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
  readonly offline: readonly number[];
}

export interface TopicMetadata {
  readonly error: number;
  readonly topic: string;
  /** As Kafka's tools print it; all `A` where there is none. */
  readonly topicId: string;
  readonly internal: boolean;
  readonly partitions: readonly PartitionMetadata[];
}

export interface MetadataAnswer extends Answer {
  readonly brokers: readonly BrokerMetadata[];
  readonly clusterId: string | null;
  readonly controller: number;
  readonly topics: readonly TopicMetadata[];
}

/** What a topic has that has no id. */
export const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Brokers, topics with their ids, leaders with their epochs (schemas MetadataRequest and MetadataResponse, v11, v12). */
export const metadata = api<MetadataRequest, MetadataAnswer>({
  key: 3,
  name: 'Metadata',
  versions: [11, 12],
  flexible: 9,
  request(to, { topics, create = false }) {
    to.structs(topics, (topic) => {
      to.uuid('');
      to.string(topic);
    });
    to.bool(create);
    to.bool(false);
    to.tags();
  },
  response(from) {
    const throttleMs = from.int32();
    const brokers = from.structs(() => ({
      id: from.int32(),
      host: from.string(),
      port: from.int32(),
      rack: from.nullableString(),
    }));
    const clusterId = from.nullableString();
    const controller = from.int32();
    const topics = from.structs(() => {
      const topic = {
        error: from.int16(),
        topic: from.nullableString() ?? '',
        topicId: from.uuid(),
        internal: from.bool(),
        partitions: from.structs(() => ({
          error: from.int16(),
          partition: from.int32(),
          leader: from.int32(),
          leaderEpoch: from.int32(),
          replicas: from.array(() => from.int32()),
          inSync: from.array(() => from.int32()),
          offline: from.array(() => from.int32()),
        })),
      };
      from.int32();
      // One that is not there would be waited for.
      const numbers = topic.partitions.map(({ partition }) => partition).sort((a, b) => a - b);
      if (numbers.some((partition, index) => partition !== index)) throw new RangeError(`partitions ${numbers}`);
      return topic;
    });
    from.tags();
    return { throttleMs, brokers, clusterId, controller, topics };
  },
});
