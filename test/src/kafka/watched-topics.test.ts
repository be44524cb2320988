import type { TopicMetadata } from '../../../src/kafka/requests/metadata.ts';
import type { Topic } from '../../../src/kafka/topic.ts';
import { WatchedTopics } from '../../../src/kafka/watched-topics.ts';

/** What a broker says that knows of the leader of this epoch. */
const found = (leaderEpoch: number, leader = 1): TopicMetadata => ({
  error: 0,
  topic: 't',
  topicId: 'an id',
  internal: false,
  partitions: [{ error: 0, partition: 0, leader, leaderEpoch, replicas: [], inSync: [], offline: [] }],
});

describe('the leaders of a watched topic', () => {
  let now = 0;
  let epochs: (number | undefined)[];
  let topics: WatchedTopics;
  beforeEach(() => {
    now = 0;
    epochs = [];
    topics = new WatchedTopics({ topicPatience: 100, patience: 1_000, now: () => now });
    topics.watch('t', false, () => {}).subscribe(({ partitions }: Topic) => epochs.push(partitions[0]?.leaderEpoch));
  });

  const hear = (at: number, metadata: TopicMetadata): void => {
    now = at;
    topics.learn('t', metadata);
  };

  it('should not be replaced by older ones, however long brokers tell of those', () => {
    hear(0, found(7));
    hear(1, found(6));
    hear(10_000, found(6));
    expect(epochs).toEqual([7]);
  });

  it('should be replaced by older ones once they were in doubt for as long as the patience is', () => {
    hear(0, found(7));
    topics.doubt('t');
    hear(99, found(6));
    topics.doubt('t');
    expect(epochs).toEqual([7]);
    hear(100, found(6));
    expect(epochs).toEqual([7, 6]);
    hear(101, found(5));
    expect(epochs).toEqual([7, 6]);
  });

  it('should be in doubt no longer once a broker tells of them', () => {
    hear(0, found(7));
    topics.doubt('t');
    hear(50, found(7));
    hear(200, found(6));
    topics.doubt('t');
    hear(299, found(6));
    expect(epochs).toEqual([7]);
  });
});
