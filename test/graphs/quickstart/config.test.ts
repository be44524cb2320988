import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../../../graphs/index.ts';
import { type Changed, configOf, EVENTS, PROCESSES } from '../../../graphs/quickstart/config.ts';
import { packageRoot } from '../../broker/root.ts';

const text = readFileSync(join(packageRoot(), 'graphs/quickstart.yaml'), 'utf8');
const nodesOf = (changed: Changed) => compile(configOf(text, changed).config).nodes;

describe('the config of the quickstart', () => {
  it('is the file as it is', () => {
    expect(nodesOf({})).toEqual(compile(text).nodes);
  });

  it('has one binding replaced on a cluster, and its exit added', () => {
    const isLog = ({ name }: { name: string }): boolean => name === 'log' || name === 'south_tcp_client';
    const [local, cluster] = [nodesOf({}), nodesOf({ kafka: 'localhost:9092' })];
    expect(cluster.filter((node) => !isLog(node))).toEqual(local.filter((node) => !isLog(node)));
    expect(local.filter(isLog).map(({ type, kind }) => [type, kind])).toEqual([['kafka', 'embedded']]);
    expect(cluster.filter(isLog).map(({ type, kind }) => [type, kind])).toEqual([
      ['kafka', 'client'],
      ['tcp', 'client'],
    ]);
  });

  it('names the topics, of which that of processes is compacted', () => {
    for (const kafka of [undefined, 'localhost:9092'])
      expect(configOf(text, { kafka }).topics).toEqual([
        { name: PROCESSES, config: { 'cleanup.policy': 'compact' } },
        { name: EVENTS, config: { 'retention.ms': 3_600_000 } },
      ]);
  });
});
