import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { route } from '../../../operators/flow/route.ts';
import { type CacheClientOptions, cacheClient } from '../../../operators/kafka/cache-client.ts';
import { cacheServer } from '../../../operators/kafka/cache-server.ts';
import { begin, type Frame } from '../../../src/frame.ts';
import type { Kafka } from '../../../src/protocol/kafka.ts';
import { fragment } from '../../../src/protocol/kafka-fragment.ts';
import { isDirect } from '../../../src/protocol/kafka-states.ts';
import { eventLoop } from '../../../src/scheduler.ts';
import { Subscriber } from '../../integration/subscriber.ts';
import { FakeExit } from '../../properties/stage/fake-exit.ts';
import { until } from '../../src/kafka/clock.ts';
import { LogExit } from './log-exit.ts';

const TOPIC = 'topic';
const produce = { api: 'merged', capabilities: 'produce', topic: TOPIC } as const;
const both = { api: 'merged', capabilities: 'both', topic: TOPIC } as const;

describe('what is produced through caches', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'caches-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** Two partitions, read from logs in memory, and produced to elsewhere. */
  const reading = (options: CacheClientOptions = { dir }) => {
    const logs = new LogExit([1, 1], eventLoop);
    const exit = new FakeExit(eventLoop, { partitions: 2 });
    const either = route<Kafka>((ext) => (ext.api === 'produce' || isDirect(ext) ? exit.binding : logs.binding));
    return { logs, exit, client: cacheClient(either, options) };
  };

  it('should be answered on a stream that reads as well, past records that wait', async () => {
    const { client, logs } = reading();
    logs.logs[0]?.append([{ key: 'a' }, { key: 'b' }]);
    const stream = new Subscriber(client, both, { credit: 0 });
    for (let n = 0; n < 4; n += 1) stream.send({ value: `${n}`, partition: n % 2 });
    await stream.until(() => stream.answers.length === 4);
    expect(stream.begun).toMatchObject({ api: 'merged', topicId: 'an-id', partitions: [{}, {}] });
    expect(stream.records).toEqual([]);
    stream.grant(100);
    await stream.until(() => stream.records.length === 2);
    logs.logs[1]?.append([{ key: 'c' }]);
    await stream.until(() => stream.records.length === 3);
    expect(stream.records.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    stream.end();
    await stream.over;
  });

  it('should end a stream that does both behind the last answer, and a bounded one when all is read, too', async () => {
    const { client, exit, logs } = reading();
    exit.stuck.add(0);
    logs.logs[0]?.append([{ key: 'a' }]);
    const live = new Subscriber(client, both);
    const bounded = new Subscriber(client, { ...both, until: 'latest' }, { credit: 0 });
    for (const stream of [live, bounded]) {
      stream.send({ value: 'x', partition: 0 });
      stream.end();
    }
    await live.until(() => live.records.length === 1);
    expect(live.answers).toEqual([]);
    exit.release(0);
    await live.over;
    await bounded.until(() => bounded.answers.length === 1);
    bounded.grant(100);
    await bounded.over;
    expect([live.answers.length, bounded.records.length]).toEqual([1, 1]);
  });

  it('should abort a stream that does both, with its reading, where fragments do not fit together', async () => {
    const { client, exit } = reading();
    const initial = new Subject<Frame<Kafka['initial']>>();
    const got: string[] = [];
    initial.pipe(client).subscribe((frame) => got.push(frame.kind === 'abort' ? `${frame.ext?.code}` : frame.kind));
    initial.next(begin(both, (control) => got.push(control.kind)));
    initial.next(fragment(Buffer.from('in the middle'), false));
    await until(() => got.includes('KAFKA_FRAGMENT'));
    expect(exit.handed).toEqual([]);
  });

  it('should be refused where there is no directory to stage it in', async () => {
    const { client } = reading({});
    for (const begin of [produce, both, { api: 'produce', topic: TOPIC, partition: 0 } as const])
      await expect(new Subscriber(client, begin).over).rejects.toMatchObject({ code: 'CONFIG_UNSUPPORTED' });
  });

  it('should be joined by a cache server: one stream for each partition, of all its clients', async () => {
    const exit = new FakeExit(eventLoop, { partitions: 2 });
    const server = cacheServer(exit.binding, { dir: join(dir, 'server') });
    const clients = [1, 2, 3].map((n) => cacheClient(server, { dir: join(dir, `${n}`) }));
    const streams = clients.flatMap((client) => [new Subscriber(client, produce), new Subscriber(client, produce)]);
    for (const [n, stream] of streams.entries())
      for (let record = 0; record < 20; record += 1) stream.send({ value: `${n}/${record}`, partition: record % 2 });
    for (const stream of streams) stream.end();
    await Promise.all(streams.map(({ over }) => over));
    expect(exit.begun.filter((api) => api.startsWith('produce')).sort()).toEqual(['produce 0', 'produce 1']);
    for (const { answers } of streams) {
      expect(answers.filter(({ answer }) => answer === 'produced')).toHaveLength(20);
    }
    for (const partition of [0, 1]) {
      const values = exit.log(partition).map(({ value }) => value);
      expect(new Set(values).size).toBe(60);
      for (const n of streams.keys()) {
        const own = values.filter((value) => value.startsWith(`${n}/`)).map((value) => Number(value.split('/')[1]));
        expect(own).toEqual([...own].sort((a, b) => a - b));
      }
    }
  });
});
