import type { PartitionMetadata, TopicMetadata } from './requests/metadata.ts';

/** Who leads a partition. */
export interface Partition {
  readonly partition: number;
  /** The id of the broker; -1 where none leads. */
  readonly leader: number;
  /** -1 where it is not known. */
  readonly leaderEpoch: number;
}

/** A topic as its cluster describes it. */
export interface Topic {
  readonly name: string;
  /** As Kafka's tools print it; `NO_TOPIC_ID` where there is none. */
  readonly id: string;
  /** By number, ascending. */
  readonly partitions: readonly Partition[];
}

/** What an answer says of a topic, but for partitions of which more recent leaders are known already (KIP-320). */
export function latest({ topic, topicId, partitions }: TopicMetadata, known?: Topic): Topic {
  const before = new Map(known?.id === topicId ? known.partitions.map((one) => [one.partition, one]) : []);
  const partitionOf = ({ partition, leader, leaderEpoch }: PartitionMetadata): Partition => {
    const older = before.get(partition);
    return older !== undefined && older.leaderEpoch > leaderEpoch ? older : { partition, leader, leaderEpoch };
  };
  const sorted = partitions.map(partitionOf).sort((a, b) => a.partition - b.partition);
  return { name: topic, id: topicId, partitions: sorted };
}

/** Whether two descriptions of a topic differ. */
export const changed = (before: Topic, after: Topic): boolean =>
  before.id !== after.id ||
  before.partitions.length !== after.partitions.length ||
  before.partitions.some(({ partition, leader, leaderEpoch }, index) => {
    const now = after.partitions[index];
    return partition !== now?.partition || leader !== now.leader || leaderEpoch !== now.leaderEpoch;
  });
