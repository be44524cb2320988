import { createRequire } from 'node:module';
import type { Admin, IHeaders, Kafka } from 'kafkajs';
import type { ReadRecord } from './judge.ts';

/** The parts of kafkajs's insides used here. It is pinned exactly, and what it does not export it does not move. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
  findBroker(id: { nodeId: number }): Promise<{ fetch(request: object): Promise<FetchAnswer> }>;
}
interface Message {
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: IHeaders;
}
interface FetchAnswer {
  responses: {
    partitions: { partition: number; highWatermark: string; lastStableOffset: string; messages: Message[] }[];
  }[];
}
type BatchClass = new (topic: string, offset: string, data: object) => { rawMessages: Message[]; messages: Message[] };

const ISOLATION = { read_uncommitted: 0, read_committed: 1 };
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_WAIT = 500;

/**
 * Reads a whole topic with kafkajs's fetch and decoders but without a group: its consumer never tells a caller about
 * batches that hold no records for him, so one cannot know from it that a topic ending in transaction markers has ended.
 */
export async function eachRecord(
  kafka: Kafka,
  admin: Admin,
  topic: string,
  isolation: keyof typeof ISOLATION,
  visit: (record: ReadRecord) => void,
): Promise<void> {
  const ends = await admin.fetchTopicOffsets(topic);
  await withCluster(kafka, topic, isolation, async (cluster) => {
    for (const { partition, low, high } of ends.sort((a, b) => a.partition - b.partition)) {
      for await (const record of readPartition(cluster, topic, partition, BigInt(low), BigInt(high), isolation)) {
        visit(record);
      }
    }
  });
}

/** By partition, the last stable offset as its leader tells it with an answer to a fetch. */
export async function stableOffsets(kafka: Kafka, admin: Admin, topic: string): Promise<Map<number, bigint>> {
  const stable = new Map<number, bigint>();
  const ends = await admin.fetchTopicOffsets(topic);
  await withCluster(kafka, topic, 'read_uncommitted', async (cluster) => {
    for (const { partition, low } of ends) {
      const { lastStableOffset } = await fetchFrom(cluster, topic, partition, low, { maxBytes: 1, maxWaitTime: 1 });
      stable.set(partition, BigInt(lastStableOffset));
    }
  });
  return stable;
}

async function withCluster(
  kafka: Kafka,
  topic: string,
  isolation: keyof typeof ISOLATION,
  work: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const cluster = privateCluster(kafka, ISOLATION[isolation]);
  await cluster.connect();
  try {
    await cluster.addTargetTopic(topic);
    await work(cluster);
  } finally {
    await cluster.disconnect();
  }
}

async function fetchFrom(
  cluster: Cluster,
  topic: string,
  partition: number,
  fetchOffset: string,
  { maxBytes = MAX_BYTES, maxWaitTime = MAX_WAIT, isolationLevel = ISOLATION.read_uncommitted },
): Promise<FetchAnswer['responses'][number]['partitions'][number]> {
  const leader = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)!.leader;
  const broker = await cluster.findBroker({ nodeId: leader });
  const topics = [{ topic, partitions: [{ partition, fetchOffset, maxBytes }] }];
  const answer = await broker.fetch({ topics, maxWaitTime, isolationLevel });
  return answer.responses[0]!.partitions[0]!;
}

async function* readPartition(
  cluster: Cluster,
  topic: string,
  partition: number,
  from: bigint,
  to: bigint,
  isolation: keyof typeof ISOLATION,
): AsyncGenerator<ReadRecord> {
  const Batch: BatchClass = createRequire(import.meta.url)('kafkajs/src/consumer/batch');

  // What kafkajs calls the end of a partition is its last stable offset.
  let end = isolation === 'read_committed' ? to : undefined;
  for (let next = from; end === undefined || next < end; ) {
    const offset = `${next}`;
    const data = await fetchFrom(cluster, topic, partition, offset, { isolationLevel: ISOLATION[isolation] });
    const stable = BigInt(data.lastStableOffset);
    end ??= BigInt(data.highWatermark);
    if (isolation === 'read_committed' && stable < end) end = stable;

    const batch = new Batch(topic, offset, data);
    for (const message of batch.messages) {
      const record = toRecord(partition, message);
      if (record.offset < end) yield record;
    }
    // kafkajs shows nothing of a batch that compaction emptied; asking one further leads past it.
    const last = batch.rawMessages.at(-1)?.offset;
    next = last === undefined || BigInt(last) < next ? next + 1n : BigInt(last) + 1n;
  }
}

function toRecord(partition: number, { offset, timestamp, key, value, headers }: Message): ReadRecord {
  return { partition, offset: BigInt(offset), timestamp: BigInt(timestamp), key, value, headers };
}

function privateCluster(kafka: Kafka, isolationLevel: number): Cluster {
  const name = Object.getOwnPropertySymbols(kafka).find((key) => key.description === 'private:Kafka:createCluster')!;
  const create = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[name]!;
  return create({ isolationLevel, allowAutoTopicCreation: false, metadataMaxAge: 300_000 });
}
