import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import { type Cluster, startCluster } from '../broker/cluster.ts';
import type { Judge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeOwnKafka } from '../broker/use-kafka.ts';
import { judging, serversOf } from './judged.ts';
import { Subscriber } from './subscriber.ts';

const TOPIC = 'truncated';
const COPIED = 60;
const WRITTEN = 120;
/** So large that a stream without credit has not all of them on the way. */
const SIZE = 64 * 1024;

describeOwnKafka('kafka client, and a leader that has not all of the log', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ brokers: 3 });
  }, 660_000);
  afterAll(() => cluster?.stop());

  const asked = <T>(use: (judge: Judge) => Promise<T>): Promise<T> => judging(cluster, use);
  const partition = () =>
    asked(async ({ admin }) => (await admin.fetchTopicMetadata({ topics: [TOPIC] })).topics[0]!.partitions[0]!);
  const broker = (id: number) => cluster.brokers.find((one) => one.id === id)!;

  it('should end bounded reads where the log ends by then, and tell what is lost', async () => {
    await asked((judge) =>
      judge.createTopic(TOPIC, {
        replication: 2,
        config: { 'min.insync.replicas': '1', 'unclean.leader.election.enable': 'true' },
      }),
    );
    const { leader, replicas } = await partition();
    const follower = replicas.find((id) => id !== leader)!;
    const write = (from: number, to: number) =>
      asked(async (judge) => {
        for (let n = from; n < to; n += 1) await judge.write(TOPIC, [{ key: `${n}`, value: Buffer.alloc(SIZE) }]);
      });
    await write(0, COPIED);
    await broker(follower).kill();
    await until(async () => expect((await partition()).isr).toEqual([leader]), 60_000);
    await write(COPIED, WRITTEN);

    const binding = client(tcpClient(), { servers: serversOf(cluster), metadataMaxAge: 500, maxBackoff: 500 });
    const read = (records: number): Subscriber =>
      new Subscriber(
        binding,
        { api: 'merged', capabilities: 'fetch', topic: TOPIC, from: { default: 'earliest' }, until: 'latest' },
        { credit: records * SIZE, returns: false },
      );
    const near = read(1);
    const far = read(COPIED + 10);
    await near.until(() => near.records.length === 1);
    await far.until(() => far.records.length === COPIED + 10);

    await broker(leader).kill();
    await broker(follower).start();
    await until(async () => expect((await partition()).leader).toBe(follower), 60_000);
    for (const stream of [near, far]) stream.grant(2 * WRITTEN * SIZE);
    await Promise.all([near.over, far.over]);

    const told = ({ marks }: Subscriber) => marks.filter(({ mark }) => mark !== 'progress');
    const keys = (count: number): string[] => Array.from({ length: count }, (_, n) => `${n}`);
    const gap = { mark: 'gap', partition: 0, reason: 'truncated' };
    const end = BigInt(COPIED);
    expect(near.records.map(({ key }) => key)).toEqual(keys(COPIED));
    expect(told(near)).toEqual([{ ...gap, from: end, to: BigInt(WRITTEN) }, { mark: 'caught-up' }]);
    // What it had fetched before is sent, and told to be there no longer.
    const had = far.records.length;
    expect(had).toBeLessThan(WRITTEN);
    expect(far.records.map(({ key }) => key)).toEqual(keys(had));
    expect(told(far)).toEqual([{ ...gap, from: end, to: BigInt(had) }, { mark: 'caught-up' }]);
  });
});
