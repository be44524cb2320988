import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, startCluster } from '../broker/cluster.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { printed, sluice } from './sluice.ts';

const GRAPH = `
name: two-clusters
bindings:
  app:
    type: kafka
    kind: client
    options:
      servers:
        - \${{env.WEST}}
    routes:
      - when:
          - topic: east.*
        exit: east
    exit: west
  east:
    type: tcp
    kind: client
    options:
      host: 127.0.0.1
      port: \${{env.EAST_PORT}}
  west:
    type: tcp
    kind: client
`;

describeKafka('one graph and two clusters', (west) => {
  let east: Cluster;
  let judges: { east: Judge; west: Judge };
  let directory: string;
  beforeAll(async () => {
    east = await startCluster();
    judges = { east: await openJudge(east), west: await openJudge(west.access) };
    directory = await mkdtemp(join(tmpdir(), 'sluice-clusters-'));
  }, 660_000);
  afterAll(async () => {
    await Promise.all([judges?.east.close(), judges?.west.close()]);
    await east?.stop();
    await rm(directory, { recursive: true });
  });

  it('should send each topic to the cluster that its route leads to, and read it there', async () => {
    const file = join(directory, 'two-clusters.yaml');
    writeFileSync(file, GRAPH);
    // Each cluster has both, so that what went astray would be seen.
    for (const judge of [judges.east, judges.west]) {
      for (const topic of ['east.orders', 'orders']) await judge.createTopic(topic);
    }
    const env = {
      WEST: west.access.bootstrap.PLAINTEXT[0] as string,
      EAST_PORT: east.bootstrap.PLAINTEXT[0]?.split(':')[1] as string,
    };
    const on = (topic: string) => [file, '--binding', 'app', '--topic', topic];
    for (const topic of ['east.orders', 'orders']) {
      const produced = await sluice(['produce', ...on(topic)], env, `for ${topic}\n`);
      expect(produced).toEqual({ code: 0, out: '', err: '1 record acknowledged\n' });
      const read = await sluice(['consume', ...on(topic), '--from', 'earliest', '--until', 'latest', '--json'], env);
      expect(printed(read.out)).toMatchObject([{ topic, value: `for ${topic}` }]);
    }
    const held = async (judge: Judge, topic: string) => (await judge.read(topic)).map(({ value }) => `${value}`);
    expect(await held(judges.east, 'east.orders')).toEqual(['for east.orders']);
    expect(await held(judges.east, 'orders')).toEqual([]);
    expect(await held(judges.west, 'east.orders')).toEqual([]);
    expect(await held(judges.west, 'orders')).toEqual(['for orders']);
  });
});
