import type { Broker } from '../broker/broker.ts';
import { type Cluster, startCluster } from '../broker/cluster.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeOwnKafka } from '../broker/use-kafka.ts';

const TOPIC = 'copied';

describeOwnKafka('three brokers', () => {
  let cluster: Cluster;
  let away: Broker | undefined;
  const written: string[] = [];

  beforeAll(async () => {
    cluster = await startCluster({ brokers: 3 });
    await withJudge((judge) => judge.createTopic(TOPIC, { replication: 3 }));
  }, 660_000);
  afterAll(() => cluster?.stop());

  /**
   * Tries `use` with a new client each time, which first asks a broker that is not away: kafkajs waits for one that hangs,
   * and starts anew with the first address it was given however often that does not answer.
   */
  function withJudge<T>(use: (judge: Judge) => Promise<T>): Promise<T> {
    const there = cluster.brokers.filter((broker) => broker !== away);
    const bootstrap = { ...cluster.bootstrap, PLAINTEXT: there.map(({ ports }) => `127.0.0.1:${ports.PLAINTEXT}`) };
    const config = { requestTimeout: 2000, retry: { retries: 2 } };
    return until(async () => {
      const judge = await openJudge({ ...cluster, bootstrap }, { config });
      try {
        return await use(judge);
      } finally {
        await judge.close();
      }
    });
  }

  function topicState(): Promise<{ leader: number; isr: number[] }> {
    return withJudge(
      async ({ admin }) => (await admin.fetchTopicMetadata({ topics: [TOPIC] })).topics[0]!.partitions[0]!,
    );
  }

  async function leader(): Promise<Broker> {
    const { leader: id } = await topicState();
    return cluster.brokers.find((broker) => broker.id === id)!;
  }

  async function write(value: string): Promise<void> {
    await withJudge((judge) => judge.write(TOPIC, [{ value }]));
    written.push(value);
  }

  async function expectAllCopies(): Promise<void> {
    away = undefined;
    await until(async () => expect((await topicState()).isr).toHaveLength(3));
    // A retried write may be there twice, for the judge's producer is not idempotent; none may be missing.
    const records = await withJudge((judge) => judge.read(TOPIC));
    expect([...new Set(records.map(({ value }) => `${value}`))]).toEqual(written);
  }

  it('should serve each broker at its own address', async () => {
    const { brokers } = await withJudge(({ admin }) => admin.describeCluster());
    const ports = brokers.sort((a, b) => a.nodeId - b.nodeId).map(({ port }) => port);
    expect(ports).toEqual(cluster.brokers.map((broker) => broker.ports.PLAINTEXT));
    await write('at first');
  });

  it('should elect another leader when one is killed, and take it back when it starts again', async () => {
    const killed = await leader();
    away = killed;
    await killed.kill();
    expect(killed.running).toBe(false);
    await write('while one is dead');
    expect((await topicState()).leader).not.toBe(killed.id);
    await killed.start();
    await expectAllCopies();
  });

  it('should elect another leader when one hangs, and take it back when it goes on', async () => {
    const hung = await leader();
    away = hung;
    hung.pause();
    await write('while one hangs');
    expect((await topicState()).leader).not.toBe(hung.id);
    hung.resume();
    await expectAllCopies();
  });

  it('should hand leadership over when a leader stops', async () => {
    const stopped = await leader();
    away = stopped;
    await stopped.stop();
    await write('while one is stopped');
    await stopped.start();
    await expectAllCopies();
  });
});
