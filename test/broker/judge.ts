import { type Admin, type CompressionTypes, type IHeaders, type Kafka, Partitioners, type Producer } from 'kafkajs';
import type { Access } from './access.ts';
import { type ClientOptions, kafkaClient } from './client.ts';
import { eachRecord, stableOffsets } from './judge-read.ts';
import { until } from './until.ts';

// kafkajs's ConfigResourceTypes.TOPIC, which Node does not see as a named export of that CommonJS package.
const TOPIC_RESOURCE = 2;

/** A record to write. `partition` default: by key as Kafka's own partitioner does. `value` null: a tombstone. */
export interface NewRecord {
  readonly key?: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: IHeaders;
  readonly partition?: number;
  /** Milliseconds since 1970. Default: now. */
  readonly timestamp?: number;
}

/** A record read. A header that occurs more than once has an array of values. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

export type Isolation = 'read_committed' | 'read_uncommitted';

export interface TopicOptions {
  /** Default 1. */
  readonly partitions?: number;
  /** Copies of each partition. Default: as many as the cluster does by itself. */
  readonly replication?: number;
  /** Such as `{ 'cleanup.policy': 'compact' }`. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface WriteOptions {
  /** Default none. kafkajs itself knows GZIP; others need a codec in its `CompressionCodecs`. */
  readonly compression?: CompressionTypes;
  /** -1 (default) all in-sync replicas, 0 none, 1 the leader. */
  readonly acks?: -1 | 0 | 1;
}

/** kafkajs as an independent witness of what a topic holds. Every call rejects with kafkajs's own error. */
export interface Judge {
  /** For all that this interface lacks. */
  readonly kafka: Kafka;
  readonly admin: Admin;
  /** Resolves when every partition is led. */
  createTopic(topic: string, options?: TopicOptions): Promise<void>;
  deleteTopic(topic: string): Promise<void>;
  /** In one request per leader, in the order given. */
  write(topic: string, records: readonly NewRecord[], options?: WriteOptions): Promise<void>;
  /**
   * Every record from the start of each partition to the end it had when the call began, by partition and offset.
   * `read_committed` (default) leaves out aborted records and ends at the last stable offset.
   */
  read(topic: string, isolation?: Isolation): Promise<ReadRecord[]>;
  /** The same, one after the other, so that not all of them have to be held. */
  each(topic: string, isolation: Isolation, visit: (record: ReadRecord) => void): Promise<void>;
  /** By partition, up to where transactions are decided. */
  stable(topic: string): Promise<Map<number, bigint>>;
  /** Resolves when no transaction is open: a broker says that one has ended before it has written its markers. */
  decided(topic: string): Promise<void>;
  /** Moves the start of a partition's log to `before`; -1n: to its end. */
  deleteRecords(topic: string, partition: number, before: bigint): Promise<void>;
  /** Gives a topic this configuration, and Kafka's defaults for the rest. */
  configure(topic: string, config: Readonly<Record<string, string>>): Promise<void>;
  /** The topic's configuration, defaults included. */
  configs(topic: string): Promise<Record<string, string>>;
  close(): Promise<void>;
}

/** Connects to a cluster; `close` it when done. Rejects with kafkajs's error when it cannot, and leaves nothing open. */
export async function openJudge(access: Access, options?: ClientOptions): Promise<Judge> {
  const kafka = kafkaClient(access, options);
  const admin = kafka.admin();
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  const close = async () => void (await Promise.all([admin.disconnect(), producer.disconnect()]));
  const connected = await Promise.allSettled([admin.connect(), producer.connect()]);
  const failed = connected.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  return {
    kafka,
    admin,
    createTopic: (topic, topicOptions = {}) => createTopic(admin, topic, topicOptions),
    deleteTopic: (topic) => admin.deleteTopics({ topics: [topic] }),
    write: (topic, records, writeOptions = {}) => write(producer, topic, records, writeOptions),
    async read(topic, isolation = 'read_committed') {
      const records: ReadRecord[] = [];
      await eachRecord(kafka, admin, topic, isolation, (record) => records.push(record));
      return records;
    },
    each: (topic, isolation, visit) => eachRecord(kafka, admin, topic, isolation, visit),
    stable: (topic) => stableOffsets(kafka, admin, topic),
    decided: (topic) => until(() => assertDecided(kafka, admin, topic)),
    deleteRecords: (topic, partition, before) => deleteRecords(admin, topic, partition, before),
    configure: (topic, config) => configure(admin, topic, config),
    configs: (topic) => configs(admin, topic),
    close,
  };
}

async function createTopic(admin: Admin, topic: string, options: TopicOptions): Promise<void> {
  const { partitions = 1, replication = -1, config = {} } = options;
  const configEntries = entriesOf(config);
  const topics = [{ topic, numPartitions: partitions, replicationFactor: replication, configEntries }];
  // kafkajs waits for leaders, but not for brokers that have not heard of the topic yet.
  await admin.createTopics({ topics, waitForLeaders: false });
  // Metadata tell of a leader before it is one; kafkajs writes to all partitions again if one of them is refused.
  await until(() => admin.fetchTopicOffsets(topic));
}

async function write(
  producer: Producer,
  topic: string,
  records: readonly NewRecord[],
  { compression, acks = -1 }: WriteOptions,
): Promise<void> {
  const messages = records.map(({ timestamp, ...record }) => ({
    ...record,
    ...(timestamp !== undefined && { timestamp: `${timestamp}` }),
  }));
  await producer.send({ topic, messages, acks, ...(compression !== undefined && { compression }) });
}

async function assertDecided(kafka: Kafka, admin: Admin, topic: string): Promise<void> {
  const stable = await stableOffsets(kafka, admin, topic);
  const open = (await admin.fetchTopicOffsets(topic)).filter((end) => stable.get(end.partition) !== BigInt(end.high));
  if (open.length > 0) throw new Error(`a transaction is open in partition ${open[0]!.partition} of ${topic}`);
}

async function deleteRecords(admin: Admin, topic: string, partition: number, before: bigint): Promise<void> {
  // kafkajs looks for the leader before it asks for the topic's metadata; this makes it have them.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: `${before}` }] });
}

const entriesOf = (config: Readonly<Record<string, string>>) =>
  Object.entries(config).map(([name, value]) => ({ name, value }));

async function configure(admin: Admin, topic: string, config: Readonly<Record<string, string>>): Promise<void> {
  const resources = [{ type: TOPIC_RESOURCE, name: topic, configEntries: entriesOf(config) }];
  await admin.alterConfigs({ validateOnly: false, resources });
}

async function configs(admin: Admin, topic: string): Promise<Record<string, string>> {
  const resources = [{ type: TOPIC_RESOURCE, name: topic }];
  const answer = await admin.describeConfigs({ resources, includeSynonyms: false });
  return Object.fromEntries(answer.resources.flatMap((r) => r.configEntries.map((e) => [e.configName, e.configValue])));
}
