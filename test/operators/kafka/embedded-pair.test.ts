import { join } from 'node:path';
import { concatMap, lastValueFrom } from 'rxjs';
import { cacheClient } from '../../../operators/kafka/cache-client.ts';
import { cacheServer } from '../../../operators/kafka/cache-server.ts';
import { embedded } from '../../../operators/kafka/embedded.ts';
import { rowKey } from '../../../src/cache/keys.ts';
import { openLevel } from '../../../src/cache/level.ts';
import { messages } from '../../../src/messages/messages.ts';
import { produce } from '../../../src/messages/producer.ts';
import type { MessageProgress } from '../../../src/messages/track.ts';
import type { Kafka } from '../../../src/protocol/kafka.ts';
import type { Binding } from '../../../src/protocol.ts';
import { until } from '../../broker/until.ts';
import { temporary } from '../../src/cache/open.ts';

const root = temporary();
const topics = [{ name: 'items', partitions: 2, config: { 'cleanup.policy': 'compact' } }, { name: 'events' }];

async function write(
  log: Binding<Kafka>,
  topic: string,
  entries: readonly (readonly [string, string])[],
): Promise<void> {
  const producer = produce(log, { topic, key: 'string', value: 'string' });
  await Promise.all(entries.map(([key, value]) => producer.send({ key, value })));
  await producer.close();
}

/** What a topic has now, and the gaps in it. */
async function readAll(binding: Binding<Kafka>, topic: string): Promise<string[]> {
  const read: string[] = [];
  const options = { topic, from: 'earliest', until: 'latest', key: 'string', value: 'string', marks: true } as const;
  for await (const item of messages(binding, options)) {
    if ('offset' in item) read.push(`${item.key}=${item.value?.slice(0, 9)}`);
    else if (item.mark === 'gap') read.push(`gap ${item.from}-${item.to} ${item.reason}`);
  }
  return read;
}

describe('a cache client right on an embedded log', () => {
  it('should serve what it has and what comes', async () => {
    const log = embedded({ dir: join(root, 'direct'), topics });
    const client = cacheClient(log);
    await write(log, 'items', [
      ['a', '1'],
      ['b', '1'],
      ['a', '2'],
    ]);
    expect((await readAll(client, 'items')).toSorted()).toEqual(['a=2', 'b=1']);
    const live: string[] = [];
    const reading = messages(client, { topic: 'events', from: 'latest', value: 'string' }).subscribe(({ value }) =>
      live.push(value as string),
    );
    await until(async () => {
      await write(log, 'events', [['a', 'x']]);
      expect(live.length).toBeGreaterThan(0);
    });
    reading.unsubscribe();
  });
});

describe('a cache pair on an embedded log', () => {
  it('should keep level with it, and go on where it was when both are opened again', async () => {
    const dirs = { log: join(root, 'log'), cache: join(root, 'cache') };
    for (let round = 0; round < 2; round += 1) {
      const log = embedded({ dir: dirs.log, topics });
      const pair = cacheClient(cacheServer(log, { dir: dirs.cache, grace: 100 }), { grace: 100 });
      await until(() =>
        write(log, 'events', [
          ['k', `${round}-1`],
          ['k', `${round}-2`],
        ]),
      );
      await until(async () => {
        const read = await readAll(pair, 'events');
        expect(read.length).toBeGreaterThanOrEqual(2 * (round + 1));
        expect(read.slice(-2)).toEqual([`k=${round}-1`, `k=${round}-2`]);
      });
    }
  });

  it('should go on behind what was read in every partition when both are opened again', async () => {
    const dirs = { log: join(root, 'resumed-log'), cache: join(root, 'resumed-cache') };
    const opened = () => {
      const log = embedded({ dir: dirs.log, topics });
      return { log, pair: cacheClient(cacheServer(log, { dir: dirs.cache, grace: 100 }), { grace: 100 }) };
    };
    const { log, pair } = opened();
    await write(
      log,
      'items',
      ['a', 'b', 'c', 'd'].map((key) => [key, 'x'] as const),
    );
    const options = { topic: 'items', until: 'latest', marks: true } as const;
    let saved: unknown;
    for await (const { progress } of messages(pair, { ...options, from: 'earliest' })) saved = progress;
    const { offsets } = JSON.parse(JSON.stringify(saved));
    expect(Object.keys(offsets)).toEqual(['0', '1']);
    const again = await until(async () => {
      const items: string[] = [];
      for await (const item of messages(opened().pair, { ...options, from: saved as MessageProgress }))
        items.push('value' in item ? `${item.partition}/${item.offset}` : item.mark);
      return items;
    });
    expect(again).toEqual(['caught-up']);
  });

  it('should tell what the log lost, whether the cache had it or not', async () => {
    const dir = join(root, 'spoilt');
    const value = (text: string): string => text.padEnd(300_000, '.');
    const log = embedded({ dir, topics: [{ name: 'events' }] });
    for (const text of ['one', 'two', 'three']) await write(log, 'events', [['k', value(text)]]);
    await until(() =>
      lastValueFrom(
        openLevel(join(dir, 'store'), { isSynced: true }).pipe(
          concatMap((store) => {
            const key = rowKey({ topic: 1, partition: 0, generation: 0 }, 1n);
            return store.write([{ key, value: Buffer.from('spoilt') }]).pipe(concatMap(() => store.close()));
          }),
        ),
        { defaultValue: undefined },
      ),
    );
    const spoilt = embedded({ dir, topics: [{ name: 'events' }] });
    const lost = ['k=one......', 'gap 1-2 corrupt', 'k=three....'];
    expect(await readAll(spoilt, 'events')).toEqual(lost);
    const pair = cacheClient(cacheServer(spoilt, { dir: join(root, 'spoilt-cache') }));
    expect(await readAll(pair, 'events')).toEqual(lost);
    expect(await readAll(cacheClient(spoilt), 'events')).toEqual(lost);
  });
});
