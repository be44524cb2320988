import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Subscription, tap } from 'rxjs';
import { fromOffset } from '../../operators/flow/from-offset.ts';
import { cacheServer } from '../../operators/kafka/cache-server.ts';
import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import { type Control, window } from '../../src/control.ts';
import { lawful } from '../../src/lawful.ts';
import type { Log } from '../../src/log/log.ts';
import type { Kafka, KafkaRecord } from '../../src/protocol/kafka.ts';
import { replies } from '../../src/protocol/kafka-states.ts';
import { type Warmth, warmth } from '../../src/protocol/kafka-warmth.ts';
import type { Binding } from '../../src/protocol.ts';
import type { Run } from '../../src/run.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { judged, serversOf } from './judged.ts';
import { type Kept, kept, Subscriber } from './subscriber.ts';

jest.setTimeout(60_000);

/** Resolves once a topic's cache is level with its source. */
const warm = (server: Binding<Kafka>, topic: string): Promise<Warmth> =>
  new Promise((resolve, reject) => {
    const subscription: Subscription = warmth(server, topic).subscribe({
      next(told) {
        if (!told.isReady) return;
        setImmediate(() => subscription.unsubscribe());
        resolve(told);
      },
      error: reject,
    });
  });

/** The log that a cache_server hands out, kept open until `leave` is called. */
const logOf = (server: Binding<Kafka>, topic: string, partition: number) =>
  new Promise<{ log: Log<KafkaRecord>; leave: () => void }>((resolve, reject) => {
    const subscription: Subscription = replies(server, { api: 'fetch', topic, partition, from: 'earliest' })
      .pipe(lawful('cache_server'))
      .subscribe({
        next(frame) {
          if (frame.kind === 'begin' && frame.ext.api === 'fetch' && frame.ext.log !== undefined)
            resolve({ log: frame.ext.log, leave: () => subscription.unsubscribe() });
          if (frame.kind === 'abort') reject(frame.ext);
        },
        error: reject,
      });
  });

/** What a log holds for a new reader, up to its end. */
const readAll = (log: Log<KafkaRecord>, isolation: 'read_committed' | 'read_uncommitted') =>
  new Promise<Kept[]>((resolve, reject) => {
    const records: Kept[] = [];
    let control = (_: Control): void => {};
    fromOffset(log, { from: 'earliest', until: 'latest', isolation }).subscribe({
      next(frame) {
        if (frame.kind === 'begin') {
          control = frame.control;
          control(window(1 << 20));
        } else if (frame.kind === 'data') {
          const run = frame.payload as Run<KafkaRecord>;
          for (let index = 0; index < run.length; index += 1) records.push(kept(run.at(index)));
          control(window(frame.reserved));
        } else if (frame.kind === 'end') resolve(records);
        else if (frame.kind === 'abort') reject(frame.ext);
      },
      error: reject,
    });
  });

describeKafka('kafka cache_server', (kafka) => {
  let judge: Judge;
  let dir: string;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    dir = mkdtempSync(join(tmpdir(), 'sluice-cache-'));
  });
  afterAll(async () => {
    rmSync(dir, { recursive: true, force: true });
    await judge.close();
  });

  const open = (name: string, bytes: { fetched: number } = { fetched: 0 }) => {
    const source = client(tcpClient(), { servers: serversOf(kafka.access), metadataMaxAge: 500 });
    const counting: Binding<Kafka> = (initial) =>
      source(initial).pipe(
        tap((frame) => {
          if (frame.kind === 'data' && 'bytes' in frame.payload) bytes.fetched += frame.reserved;
        }),
      );
    return cacheServer(counting, { dir: join(dir, name), grace: 0 });
  };

  it('should keep what the broker has, transactions included, and serve it from disk', async () => {
    await judge.createTopic('cached', { partitions: 2 });
    const records = Array.from({ length: 4_000 }, (_, n) => ({
      key: `k${n % 50}`,
      value: n % 13 === 0 ? null : `v${n}`,
      headers: { h: `${n}` },
    }));
    await judge.write('cached', records, { compression: 1 });
    const producer = judge.kafka.producer({ transactionalId: 'cached', maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    for (const end of ['commit', 'abort'] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: 'cached', messages: [{ key: 'k', value: end, partition: 0 }] });
      await transaction[end]();
    }
    await producer.disconnect();

    const server = open('cached');
    const told = await warm(server, 'cached');
    expect([...told.partitions.values()].every(({ offset, end }) => offset === end)).toBe(true);
    for (const isolation of ['read_committed', 'read_uncommitted'] as const) {
      const truth = (await judge.read('cached', isolation)).map(judged);
      const read: Kept[] = [];
      for (const partition of [0, 1]) {
        const { log, leave } = await logOf(server, 'cached', partition);
        read.push(...(await readAll(log, isolation)));
        leave();
      }
      expect(read.map((record) => ({ ...record, aborted: false }))).toEqual(truth);
    }
  });

  it('should resume where it stopped, and fetch nothing again', async () => {
    await judge.createTopic('resumed', {});
    await judge.write(
      'resumed',
      Array.from({ length: 2_000 }, (_, n) => ({ value: `value ${n}` })),
    );
    const first = { fetched: 0 };
    await warm(open('resumed', first), 'resumed');
    expect(first.fetched).toBeGreaterThan(20_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await judge.write('resumed', [{ value: 'one more' }]);
    const second = { fetched: 0 };
    const server = open('resumed', second);
    await warm(server, 'resumed');
    expect(second.fetched).toBeLessThan(500);
    const { log, leave } = await logOf(server, 'resumed', 0);
    expect(await readAll(log, 'read_committed')).toEqual((await judge.read('resumed')).map(judged));
    leave();
  });

  it('should answer meta and describe, and refuse what there is not by name', async () => {
    await judge.createTopic('told', { partitions: 3, config: { 'cleanup.policy': 'compact' } });
    const server = open('told');
    const meta = new Subscriber(server, { api: 'meta', topic: 'told' });
    const describe = new Subscriber(server, { api: 'describe', topic: 'told', configs: ['cleanup.policy'] });
    await meta.until(() => meta.data.length > 0);
    await describe.until(() => describe.data.length > 0);
    expect(describe.data).toEqual([{ configs: { 'cleanup.policy': 'compact' } }]);
    expect(meta.data).toMatchObject([{ partitions: [{ partition: 0 }, { partition: 1 }, { partition: 2 }] }]);
    await expect(logOf(server, 'told', 7)).rejects.toMatchObject({ code: 'KAFKA_ERROR' });
    meta.leave();
    describe.leave();
  });
});
