import { randomBytes } from 'node:crypto';
import type { KafkaBegin } from '../../src/protocol/kafka.ts';
import type { ChaosProxy } from '../broker/chaos-proxy.ts';
import { type Cluster, startCluster } from '../broker/cluster.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeOwnKafka } from '../broker/use-kafka.ts';
import { Directories, pairOf } from './pair.ts';
import { readToEnd, Subscriber } from './subscriber.ts';

const WITHIN = 120_000;

describeOwnKafka('a cache pair whose broker cannot be reached', () => {
  const directories = new Directories();
  let cluster: Cluster;
  let judge: Judge;
  let proxy: ChaosProxy;
  beforeAll(async () => {
    cluster = await startCluster({ proxied: true });
    // What the witness does goes past the proxy.
    judge = await openJudge(cluster, { listener: 'INTERNAL' });
    proxy = cluster.brokers[0]!.proxy as ChaosProxy;
  }, WITHIN);
  afterAll(async () => {
    await judge?.close();
    await cluster?.stop();
    directories.remove();
  });

  const down = (): void => {
    proxy.refuse();
    proxy.cut();
  };
  const pair = (topic: string) => pairOf(cluster, { dir: directories.of(topic) });
  const live = (topic: string): KafkaBegin => ({
    api: 'merged',
    capabilities: 'fetch',
    topic,
    from: { default: 'earliest' },
  });
  const keysOf = ({ records }: Subscriber) => new Set(records.map(({ key }) => key));
  /** Opens a stream, once the cache was let go of by what had it before. */
  const open = (topic: string) =>
    until(async () => {
      const reader = new Subscriber(pair(topic), live(topic));
      await reader.until(() => reader.records.length > 0);
      return reader;
    });
  const warm = async (topic: string, keys: readonly string[], config: Record<string, string> = {}): Promise<void> => {
    await judge.createTopic(topic, { config: { 'cleanup.policy': 'compact', ...config } });
    await judge.write(
      topic,
      keys.map((key) => ({ key, value: randomBytes(500) })),
    );
    await readToEnd(pair(topic), { ...live(topic), until: 'latest' } as KafkaBegin);
  };

  it(
    'should serve what is cached, and go on from there once the broker is back',
    async () => {
      const topic = 'down-for-a-while';
      const keys = Array.from({ length: 2_000 }, (_, n) => `k${n}`);
      await warm(topic, keys);
      down();
      const reader = await open(topic);
      await reader.until(() => reader.records.length === keys.length);
      await judge.write(topic, [{ key: 'k0', value: 'new' }]);
      const before = proxy.passed('down');
      proxy.heal();
      await reader.until(() => reader.marks.some(({ mark }) => mark === 'caught-up'));
      await reader.until(() => reader.records.length === keys.length + 1);
      expect(reader.records.at(-1)).toMatchObject({ key: 'k0', value: 'new' });
      expect(reader.marks.filter(({ mark }) => mark === 'gap')).toEqual([]);
      // The topic has a megabyte.
      expect(proxy.passed('down') - before).toBeLessThan(100_000);
      reader.leave();
    },
    WITHIN,
  );

  it(
    'should serve no key that died meanwhile, and tell who may have it, when that was longer than tombstones are kept',
    async () => {
      const topic = 'down-for-too-long';
      const config = { 'delete.retention.ms': '1000', 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.01' };
      await warm(topic, ['alive', 'dead'], { ...config, 'max.compaction.lag.ms': '100' });
      down();
      const reader = await open(topic);
      await reader.until(() => reader.records.length === 2);
      await judge.write(topic, [{ key: 'dead', value: null }]);
      // Until the broker has removed the tombstone, too.
      await until(async () => {
        await judge.write(topic, [{ key: 'other', value: 'x' }]);
        const left = await judge.read(topic);
        expect(left.map(({ key }) => String(key))).not.toContain('dead');
      }, WITHIN);
      proxy.heal();
      await reader.until(() => reader.marks.some(({ mark }) => mark === 'caught-up'));
      expect(reader.marks).toContainEqual(expect.objectContaining({ mark: 'gap', reason: 'tombstones' }));
      expect(keysOf(reader)).toEqual(new Set(['alive', 'dead', 'other']));
      const fresh = await readToEnd(pairOf(cluster, { dir: directories.of(`${topic}-elsewhere`) }), {
        ...live(topic),
        until: 'latest',
      } as KafkaBegin);
      reader.leave();
      const again = await open(topic);
      await again.until(() => again.marks.some(({ mark }) => mark === 'caught-up'));
      expect(keysOf(again)).toEqual(new Set(['alive', 'other']));
      expect(keysOf(again)).toEqual(keysOf(fresh));
      again.leave();
    },
    WITHIN,
  );
});
