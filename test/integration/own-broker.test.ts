import { type Cluster, startCluster } from '../broker/cluster.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { describeOwnKafka } from '../broker/use-kafka.ts';

describeOwnKafka('a broker behind a chaos proxy', () => {
  let cluster: Cluster;
  let judge: Judge;

  beforeAll(async () => {
    cluster = await startCluster({ proxied: true });
    judge = await openJudge(cluster, { config: { requestTimeout: 1000 } });
  }, 660_000);
  afterAll(async () => {
    await judge?.close();
    await cluster?.stop();
  });

  const proxy = () => cluster.brokers[0]!.proxy!;

  async function values(topic: string): Promise<string[]> {
    return (await judge.read(topic)).map(({ value }) => `${value}`);
  }

  it('should be advertised at the address of its proxy, and reachable past it', async () => {
    expect((await judge.admin.describeCluster()).brokers).toMatchObject([{ port: proxy().port }]);
    const past = await openJudge(cluster, { listener: 'INTERNAL' });
    expect((await past.admin.describeCluster()).brokers).toMatchObject([{ port: cluster.brokers[0]!.ports.INTERNAL }]);
    await past.close();
  });

  it('should be reached again by a client whose connections were cut', async () => {
    await judge.createTopic('cut');
    await judge.write('cut', [{ value: 'before' }]);
    proxy().cut();
    await judge.write('cut', [{ value: 'after' }]);
    expect(await values('cut')).toEqual(['before', 'after']);
  });

  it('should keep a record whose acknowledgement was swallowed', async () => {
    await judge.createTopic('swallowed');
    await judge.write('swallowed', [{ value: 'before' }]);
    proxy().dropResponse();
    await judge.write('swallowed', [{ value: 'twice' }]);
    // The client could not know that it was written, and its producer is not idempotent.
    expect(await values('swallowed')).toEqual(['before', 'twice', 'twice']);
  });
});

describeOwnKafka('a broker that cannot start', () => {
  it('should be reported with the end of its own log', async () => {
    const properties = { 'ssl.keystore.location': '/nonexistent.pem' };
    await expect(startCluster({ properties })).rejects.toThrow(/broker 1 did not start: it ended.*nonexistent\.pem/s);
  });
});
