import { concat, concatMap, firstValueFrom, lastValueFrom, of, Subject, toArray } from 'rxjs';
import { messages } from '../../src/messages/index.ts';
import type { Kafka, KafkaBegin } from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { Directories, pairOf } from './pair.ts';
import { readToEnd, Subscriber } from './subscriber.ts';

jest.setTimeout(60_000);

const all = (topic: string, more: Partial<Extract<KafkaBegin, { api: 'merged' }>> = {}): KafkaBegin => ({
  api: 'merged',
  capabilities: 'fetch',
  topic,
  from: { default: 'earliest' },
  until: 'latest',
  ...more,
});

const begins = (topic: string, from: 'default' | 'earliest'): KafkaBegin => ({
  api: 'merged',
  capabilities: 'fetch',
  topic,
  ...(from === 'earliest' && { from: { default: from } }),
});

/** Holds back the ends of transactions, and all behind them, until something completes. */
const holding =
  (released: Subject<never>) =>
  (source: Binding<Kafka>): Binding<Kafka> =>
  (initial) =>
    source(initial).pipe(
      concatMap((frame) => {
        const isMarker = frame.kind === 'data' && 'isControl' in frame.payload && frame.payload.isControl;
        return isMarker ? concat(released, of(frame)) : of(frame);
      }),
    );

describeKafka('a cache pair', (kafka) => {
  const directories = new Directories();
  let judge: Judge;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
  });
  afterAll(async () => {
    await judge.close();
    directories.remove();
  });

  it('should tell that a topic was made again since, and read the one that has its name', async () => {
    const topic = 'pair-again';
    const dir = directories.of(topic);
    const pair = pairOf(kafka.access, { dir });
    await judge.createTopic(topic);
    await judge.write(topic, [{ value: 'a' }, { value: 'b' }]);
    const reading = (binding: Binding<Kafka>, more: object) => messages(binding, { topic, from: 'earliest', ...more });
    const { progress } = await firstValueFrom(reading(pair, {}));
    expect(progress).toEqual({ topicId: expect.stringMatching(/^[\w-]{22}$/), offsets: { 0: '1' } });
    // One is open meanwhile, and is told as it reads.
    const open = new Subscriber(pair, all(topic, { until: undefined as never }));
    await open.until(() => open.marks.some(({ mark }) => mark === 'caught-up'));
    await judge.deleteTopic(topic);
    await judge.createTopic(topic);
    await judge.write(topic, [{ value: 'c' }, { value: 'd' }]);
    const options = { from: progress, until: 'latest', value: 'string', marks: true };
    const told = async (binding: Binding<Kafka>) => {
      // It takes a moment until the cache learns of it, or may be opened.
      const items = await until(async () => {
        const read = await lastValueFrom(reading(binding, options).pipe(toArray()));
        expect(read.map(({ mark }) => mark as string | undefined)).toContain('gap');
        return read;
      });
      return items.filter(({ mark }) => (mark as string | undefined) !== 'progress');
    };
    const expected = ['gap recreated', 'c', 'd', 'caught-up'];
    const shown = (items: Awaited<ReturnType<typeof told>>) =>
      items.map((item) => ('reason' in item ? `gap ${item.reason}` : (item.mark ?? item.value)));
    const items = await told(pair);
    expect(shown(items)).toEqual(expected);
    const { offsets, topicId } = items.at(-1)?.progress ?? {};
    expect([offsets, topicId === progress.topicId]).toEqual([{ 0: '2' }, false]);
    open.leave();
    // And one that opens what is cached once more.
    expect(shown(await told(pairOf(kafka.access, { dir })))).toEqual(expected);
  });

  it('should tell a fresh start nothing of what the source had removed before', async () => {
    const topic = 'pair-began-late';
    await judge.createTopic(topic);
    await judge.write(
      topic,
      [0, 1, 2, 3].map((n) => ({ value: `${n}` })),
    );
    await judge.deleteRecords(topic, 0, 2n);
    const pair = pairOf(kafka.access, { dir: directories.of(topic) });
    for (const _ of ['cold', 'warm']) {
      const read = await readToEnd(pair, all(topic));
      expect(read.begun).toMatchObject({ partitions: [{ partition: 0, offset: 2n }] });
      expect(read.records.map(({ value }) => value)).toEqual(['2', '3']);
      expect(read.marks).toEqual([{ mark: 'caught-up' }]);
    }
    const explicit = await readToEnd(pair, all(topic, { from: { default: { offset: 1n } } }));
    expect(explicit.marks).toEqual([
      { mark: 'gap', partition: 0, from: 1n, to: 2n, reason: 'retention' },
      { mark: 'caught-up' },
    ]);
  });

  it.each(['delete', 'compact'])(
    'should not serve what a transaction wrote whose abort is still to be fetched, of a topic that is to %s',
    async (policy) => {
      const topic = `pair-backfill-${policy}`;
      await judge.createTopic(topic, { config: { 'cleanup.policy': policy } });
      const write = (value: string) =>
        judge.write(
          topic,
          [0, 1].map((n) => ({ key: `k${n}`, value: `${value}${n}` })),
        );
      await write('before');
      const producer = judge.kafka.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [0, 1].map((n) => ({ key: `k${n}`, value: `void${n}` })) });
      await write('meanwhile');
      await transaction.abort();
      await producer.disconnect();
      await judge.decided(topic);
      await write('after');
      const released = new Subject<never>();
      const pair = pairOf(kafka.access, { dir: directories.of(topic) }, holding(released));
      const read = (isolation: 'read_committed' | 'read_uncommitted') =>
        new Subscriber(pair, all(topic, { isolation, until: undefined as never }));
      const [committed, uncommitted] = [read('read_committed'), read('read_uncommitted')];
      // The source says that all is decided; what the cache has is not.
      expect(await judge.stable(topic)).toEqual(new Map([[0, 9n]]));
      await uncommitted.until(() => uncommitted.records.length === 6);
      await committed.until(() => committed.records.length === 2);
      const valuesOf = ({ records }: Subscriber) => records.map(({ value }) => value);
      expect(valuesOf(committed)).toEqual(['before0', 'before1']);
      expect(committed.marks.some(({ mark }) => mark === 'caught-up')).toBe(false);
      released.complete();
      await committed.until(() => committed.records.at(-1)?.value === 'after1');
      // What was superseded by then need not come on a compacted topic.
      const came = valuesOf(committed).filter((value) => policy === 'delete' || !value?.startsWith('meanwhile'));
      const between = policy === 'delete' ? ['meanwhile0', 'meanwhile1'] : [];
      expect(came).toEqual(['before0', 'before1', ...between, 'after0', 'after1']);
      for (const reader of [committed, uncommitted]) reader.leave();
    },
  );

  it.each(['historical', 'live'] as const)(
    'should begin a plain topic %s, and go on so when opened again',
    async (defaultOffset) => {
      const topic = `pair-begins-${defaultOffset}`;
      await judge.createTopic(topic);
      await judge.write(topic, [{ value: 'old' }]);
      const options = { dir: directories.of(topic), topics: [{ name: topic, defaultOffset }] };
      const read = async (from: 'default' | 'earliest', count: number, then?: string): Promise<unknown[]> => {
        const reader = await until(async () => {
          const opened = new Subscriber(pairOf(kafka.access, options), begins(topic, from));
          await opened.until(() => opened.marks.some(({ mark }) => mark === 'caught-up'));
          return opened;
        });
        if (then !== undefined) await judge.write(topic, [{ value: then }]);
        await reader.until(() => reader.records.length === count);
        reader.leave();
        return reader.records.map(({ value }) => value);
      };
      const isLive = defaultOffset === 'live';
      expect(await read('default', isLive ? 1 : 2, 'first')).toEqual(isLive ? ['first'] : ['old', 'first']);
      await judge.write(topic, [{ value: 'while it was closed' }]);
      const cached = [...(isLive ? [] : ['old']), 'first', 'while it was closed'];
      expect(await read('default', isLive ? 1 : 4, 'second')).toEqual([...(isLive ? [] : cached), 'second']);
      // Whatever a stream begins at by default, all that is cached is there.
      expect(await read('earliest', cached.length + 1)).toEqual([...cached, 'second']);
    },
  );
});
