import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { embedded, type KafkaEmbedded, type KafkaEmbeddedOptions } from '../../../operators/kafka/embedded.ts';
import { messages } from '../../../src/messages/messages.ts';
import { produce } from '../../../src/messages/producer.ts';
import type { Description, Meta } from '../../../src/protocol/kafka.ts';
import { states } from '../../../src/protocol/kafka-states.ts';
import { until } from '../../broker/until.ts';
import { killed } from '../../cli/process.ts';
import { temporary } from '../../src/cache/open.ts';
import { random } from '../../src/cache/truth.ts';
import { killedTopic } from './killed-topic.ts';

const root = temporary();
let directories = 0;
const fresh = (): string => join(root, `${directories++}`);

const opened = (dir: string, topics: KafkaEmbeddedOptions['topics'], rest: Partial<KafkaEmbeddedOptions> = {}) =>
  embedded({ dir, ...(topics !== undefined && { topics }), ...rest });

/** Does something with a log that may still be open from before: it stays open for a while. */
const again = <T>(
  dir: string,
  topics: KafkaEmbeddedOptions['topics'],
  work: (log: KafkaEmbedded) => Promise<T>,
): Promise<T> => until(() => work(opened(dir, topics)));

/** All that a topic has now: `partition@offset=value`, in the order of each partition, and gaps. */
async function readAll(log: KafkaEmbedded, topic: string, from: bigint | 'earliest' = 'earliest'): Promise<string[]> {
  const read: string[] = [];
  const all = messages(log, {
    topic,
    from: from === 'earliest' ? from : { offset: from },
    until: 'latest',
    value: 'string',
    marks: true,
  });
  for await (const item of all) {
    if ('offset' in item) read.push(`${item.partition}@${item.offset}=${item.value}`);
    else if (item.mark === 'gap') read.push(`gap ${item.from}-${item.to} ${item.reason}`);
  }
  return read;
}

async function write(log: KafkaEmbedded, topic: string, values: readonly string[], partition = 0): Promise<void> {
  const producer = produce(log, { topic, value: 'string' });
  await Promise.all(values.map((value) => producer.send({ value, partition })));
  await producer.close();
}

describe('an embedded log on the disk', () => {
  it('should have what it had when it is opened again, with more partitions and other configs', async () => {
    const dir = fresh();
    const topics = [{ name: 'items', partitions: 2 }];
    await again(dir, topics, (log) => write(log, 'items', ['a', 'b', 'c'], 1));
    const described = (log: KafkaEmbedded) =>
      Promise.all([
        firstValueFrom(states<Meta>(log, { api: 'meta', topic: 'items' })),
        firstValueFrom(states<Description>(log, { api: 'describe', topic: 'items', configs: ['cleanup.policy'] })),
      ]);
    // What nobody names any more is there as it was.
    const [meta, description] = await again(dir, [], described);
    expect(meta.partitions).toHaveLength(2);
    expect(description.configs).toEqual({ 'cleanup.policy': 'delete' });

    const more = [{ name: 'items', partitions: 3, config: { 'cleanup.policy': 'compact,delete' } }];
    const [grown, changed] = await again(dir, more, described);
    const partitions = [0, 1, 2].map((partition) => ({ partition, leader: 0 }));
    expect(grown).toEqual({ topicId: meta.topicId, partitions });
    expect(changed.configs).toEqual({ 'cleanup.policy': 'compact,delete' });
    expect(await again(dir, [], (log) => readAll(log, 'items'))).toEqual(['1@0=a', '1@1=b', '1@2=c']);

    await again(dir, topics, (log) =>
      expect(readAll(log, 'items')).rejects.toThrow('it has 3 partitions, and cannot have 2'),
    );
  });

  it('should have what was acknowledged, in order and once, whenever it is killed', async () => {
    const dir = fresh();
    const next = random(11);
    const acknowledged: string[][] = [];
    for (let time = 0; time < 10; time += 1) {
      const delay = next() * 60;
      const args = [dir, `${time * 1_000_000}`];
      // The log may still be open from the last time. What is said was acknowledged: `partition@offset=number`.
      acknowledged.push(await until(() => killed('test/operators/kafka/embedded-writer.ts', args, delay)));
      const read = await again(dir, [killedTopic], (log) => readAll(log, killedTopic.name));
      expect(read.filter((one) => one.startsWith('gap'))).toEqual([]);
      const isThere = new Set(read.map((one) => one.replace(/ .*/, '')));
      expect(acknowledged.flat().filter((one) => !isThere.has(one))).toEqual([]);
      for (let partition = 0; partition < killedTopic.partitions; partition += 1) {
        const own = read.filter((one) => one.startsWith(`${partition}@`));
        const [offsets, numbers] = [/@(\d+)/, /=(\d+)/].map((part) => own.map((one) => Number(part.exec(one)?.[1])));
        expect(offsets).toEqual(own.map((_, index) => index));
        // They were sent in this order.
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      }
    }
    expect(acknowledged.flat().length).toBeGreaterThan(500);
  }, 120_000);

  it('should delete what is past retention, and tell readers who missed it', async () => {
    const dir = fresh();
    const config = { 'retention.bytes': 100_000 };
    const log = opened(dir, [{ name: 'events', config }], { upkeepInterval: 10 });
    const values = Array.from({ length: 300 }, (_, number) => `${number} ${'x'.repeat(3_000)}`);
    for (let at = 0; at < values.length; at += 20) await write(log, 'events', values.slice(at, at + 20));
    // A read may lose to retention, which is told, too.
    await until(async () => {
      const [gap, ...left] = await readAll(log, 'events', 0n);
      expect(left.length).toBeLessThan(120);
      expect(gap).toBe(`gap 0-${/^0@(\d+)=/.exec(left[0] as string)?.[1]} retention`);
      expect(left.at(-1)).toContain('0@299=299 ');
      expect(await readAll(log, 'events')).toEqual(left);
    });
  });

  it('should refuse to start when it does not open, name what repairs it, and leave it as it is', async () => {
    const dir = fresh();
    await again(dir, [{ name: 'events' }], (log) => write(log, 'events', ['a']));
    const store = join(dir, 'store');
    const [manifest] = readdirSync(store).filter((name) => name.startsWith('MANIFEST'));
    await again(dir, [], async () => writeFileSync(join(store, manifest as string), 'x'.repeat(100)));
    const before = readdirSync(store);
    const log = opened(dir, [{ name: 'events' }]);
    const fault = { code: 'CACHE_DAMAGED', message: expect.stringContaining(`sluice cache repair ${dir}`) };
    await until(() => expect(lastValueFrom(log.running)).rejects.toMatchObject(fault));
    await expect(readAll(log, 'events')).rejects.toMatchObject(fault);
    expect(readdirSync(store)).toEqual(expect.arrayContaining(before));
    expect(readdirSync(dir).toSorted()).toEqual(['EMBEDDED', 'pid', 'store']);
  });

  it('should be open in one process only, and for as long as it runs', async () => {
    const dir = fresh();
    const log = opened(dir, [{ name: 'events' }]);
    const running = log.running.subscribe({ error() {} });
    await write(log, 'events', ['a']);
    await expect(readAll(opened(dir, []), 'events')).rejects.toMatchObject({ code: 'CACHE_LOCKED' });
    running.unsubscribe();
    expect(await again(dir, [], (other) => readAll(other, 'events'))).toEqual(['0@0=a']);
  });
});
