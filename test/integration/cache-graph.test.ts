import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { compile } from '../../graphs/index.ts';
import { type Judge, type NewRecord, openJudge, type ReadRecord } from '../broker/judge.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { root } from '../cli/process.ts';
import { printed, sluice } from './sluice.ts';

const FILE = 'graphs/cache.yaml';

interface Placed {
  readonly partition: number;
  readonly offset: bigint | number;
  readonly key: unknown;
  readonly value: unknown;
}

const text = (bytes: unknown): unknown => (bytes instanceof Buffer ? bytes.toString() : bytes);
const shown = ({ partition, offset, key, value }: Placed) => ({
  place: `${partition}/${String(offset).padStart(6, '0')}`,
  key: text(key),
  value: text(value),
});
const inOrder = (records: readonly Placed[]) =>
  records.map(shown).sort((one, other) => one.place.localeCompare(other.place));

/** The last of each key, null keys apart, which are all kept. */
const newest = (records: readonly ReadRecord[]): ReadRecord[] =>
  records.filter(({ key, partition, offset }) =>
    records.every(
      (later) => key === null || !later.key?.equals(key) || later.partition !== partition || later.offset <= offset,
    ),
  );

describeKafka('graphs/cache.yaml, on a genuine Kafka', (kafka) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-cache-graph-'));
  let judge: Judge;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
  });
  afterAll(async () => {
    await judge.close();
    rmSync(directory, { recursive: true });
  });

  const env = () => ({ KAFKA_BOOTSTRAP_SERVER: kafka.access.bootstrap.PLAINTEXT[0] as string });
  const records = Array.from(
    { length: 600 },
    (_, n): NewRecord => ({ key: `k${n % 40}`, value: n % 17 === 0 ? null : `v${n}`, headers: { n: `${n}` } }),
  );
  const write = async (topic: string, policy: string): Promise<ReadRecord[]> => {
    await judge.createTopic(topic, { partitions: 3, config: { 'cleanup.policy': policy } });
    await judge.write(topic, records);
    return judge.read(topic);
  };

  it.each([
    ['delete', 'every record'],
    ['compact', 'the last of each key'],
  ])('prints of a topic that is to %s %s, from a cache that is cold and one that is warm', async (policy) => {
    const topic = `cache-graph-${policy}`;
    const all = await write(topic, policy);
    const place = ['--binding', 'app', '--topic', topic, '--dir', join(directory, policy)];
    const consume = async (more: readonly string[] = []): Promise<Placed[]> => {
      const whole = ['consume', FILE, ...place, '--from', 'earliest', '--until', 'latest', '--json'];
      const { code, out, err } = await sluice([...whole, ...more], env());
      expect([code, err]).toEqual([0, '']);
      return printed(out) as Placed[];
    };
    const expected = policy === 'compact' ? newest(all) : all;
    const cold = await consume();
    expect(inOrder(cold)).toEqual(expect.arrayContaining(inOrder(expected)));
    expect(inOrder(all)).toEqual(expect.arrayContaining(inOrder(cold)));
    expect(inOrder(await consume())).toEqual(inOrder(expected));
    expect(inOrder(await consume(['--key', 'k7']))).toEqual(
      inOrder(expected.filter(({ key }) => String(key) === 'k7')),
    );
  });

  it('gives the messages of a topic to a loop and as an Observable, and follows what is written', async () => {
    const topic = 'cache-graph-messages';
    const all = await write(topic, 'delete');
    const graph = compile(readFileSync(join(root, FILE), 'utf8'), { env: env(), dir: join(directory, 'messages') });
    const looped: Placed[] = [];
    for await (const message of graph.messages('app', { topic, from: 'earliest' })) {
      looped.push(message);
      if (looped.length === all.length) await judge.write(topic, [{ key: 'late', value: 'one more' }]);
      if (looped.length > all.length) break;
    }
    const now = inOrder(await judge.read(topic));
    expect(inOrder(looped)).toEqual(now);
    const observed = await lastValueFrom(
      graph.messages('app', { topic, from: 'earliest', until: 'latest' }).pipe(toArray()),
    );
    expect(inOrder(observed)).toEqual(now);
  });
});
