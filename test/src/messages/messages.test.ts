import { firstValueFrom, lastValueFrom, type MonoTypeOperatorFunction, take, tap, toArray } from 'rxjs';
import { conflate } from '../../../operators/flow/conflate.ts';
import type { Frame } from '../../../src/frame.ts';
import { lawful } from '../../../src/lawful.ts';
import type { Decoding } from '../../../src/messages/decoding.ts';
import type { Message } from '../../../src/messages/message.ts';
import { type MessagesOptions, messages } from '../../../src/messages/messages.ts';
import type { Kafka, KafkaRecord } from '../../../src/protocol/kafka.ts';
import type { Binding } from '../../../src/protocol.ts';
import { marbles } from '../../../src/testing/marbles.ts';
import { dataOf, FakeKafka, recordOf, type Sent } from '../../cli/fake-kafka.ts';
import { until } from '../kafka/clock.ts';

/** The messages of a fake topic `t`, whose stream is held to the laws. */
function reading<K extends Decoding = 'bytes', V extends Decoding = 'bytes', M extends boolean = false>(
  sends: Iterable<Sent>,
  options: Partial<MessagesOptions<K, V, M>> = {},
) {
  const kafka = new FakeKafka({ sends });
  const binding: Binding<Kafka> = (initial) => initial.pipe(lawful('initial'), kafka.binding, lawful('reply'));
  const source = messages<K, V, M>(binding, { topic: 't', from: 'earliest', ...options } as MessagesOptions<K, V, M>);
  return { kafka, source };
}

const bounded = { until: 'latest' } as const;
const abc = [recordOf(0, 'a'), recordOf(1, 'b'), recordOf(2, 'c')];
const many = (count: number, size = 100): Sent[] =>
  Array.from({ length: count / 50 }, (_, run) =>
    dataOf(...Array.from({ length: 50 }, (_, index) => recordOf(run * 50 + index, 'x'.repeat(size)))),
  );
const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of source) list.push(item);
  return list;
}

describe('messages', () => {
  it.each([
    ['until', 'latets', 'latest'],
    ['isolation', 'commited', 'read_committed or read_uncommitted'],
    ['value', 'jsn', 'bytes or string or json'],
  ])('should refuse a word for %s that is none, as plain JavaScript may have it', (option, word, words) => {
    expect(() => reading([], { [option]: word })).toThrow(`OPTION_INVALID: ${option} must be ${words}, not ${word}`);
  });

  it('should be an Observable and an async iterable of the same, a stream for each', async () => {
    const { source, kafka } = reading([dataOf(...abc)], { ...bounded, value: 'string' });
    const observed = await lastValueFrom(source.pipe(toArray()));
    const looped = await collect(source);
    expect(observed.map(({ value }) => value)).toEqual(['a', 'b', 'c']);
    expect(looped.map(({ value, offset }) => [value, offset])).toEqual([
      ['a', 0n],
      ['b', 1n],
      ['c', 2n],
    ]);
    expect(kafka.opened.length).toBe(2);
  });

  it('should read keys and values as bytes of their own, strings, JSON or what a function makes of them', async () => {
    const batch = Buffer.from('k{"n":1}');
    const record = recordOf(0, batch.subarray(1), { key: batch.subarray(0, 1) });
    const copies = await firstValueFrom(reading([dataOf(record)]).source);
    const views = await firstValueFrom(reading([dataOf(record)], { views: true }).source);
    const strings = await firstValueFrom(reading([dataOf(record)], { key: 'string', value: 'json' }).source);
    const made = await firstValueFrom(reading([dataOf(record)], { key: (bytes) => bytes[0], value: String }).source);
    batch.fill(0x2a);
    expect([String(copies.key), String(copies.value)]).toEqual(['k', '{"n":1}']);
    expect([String(views.key), String(views.value)]).toEqual(['*', '*******']);
    expect([strings.key, strings.value]).toEqual(['k', { n: 1 }]);
    expect([made.key, made.value]).toEqual([0x6b, '{"n":1}']);
  });

  it('should leave null as null, whatever decodes', async () => {
    const never = (): never => {
      throw new Error('called');
    };
    const { source } = reading([dataOf(recordOf(0, null))], { key: never, value: never });
    expect(await firstValueFrom(source)).toMatchObject({ key: null, value: null });
  });

  it('should give a decoder the bytes where they are, without a copy', async () => {
    const batch = Buffer.alloc(1_000, 'x');
    const seen: unknown[] = [];
    const value = (bytes: Buffer): void => void seen.push(bytes.buffer === batch.buffer);
    const { source } = reading([dataOf(recordOf(0, batch.subarray(10, 20)))], { ...bounded, value });
    await collect(source);
    await lastValueFrom(source);
    expect(seen).toEqual([true, true]);
  });

  it.each([
    ['json', Buffer.from('{'), 'value', /the value of t\/4, offset 7: .*JSON/],
    ['string', Buffer.from([0xc3, 0x28]), 'key', /the key of t\/4, offset 7: it is not UTF-8/],
  ] as const)(
    'should fail with the place where %s cannot be read, after what came before',
    async (how, bytes, part, said) => {
      const bad = recordOf(7, 'v', { partition: 4, [part]: bytes });
      const { source, kafka } = reading([dataOf(recordOf(6, 'v', { partition: 4, [part]: Buffer.from('1') }), bad)], {
        ...bounded,
        [part]: how,
      });
      const read: bigint[] = [];
      const looped = (async () => {
        for await (const { offset } of source) read.push(offset);
      })();
      await expect(looped).rejects.toMatchObject({ code: 'MESSAGE_DECODE', message: expect.stringMatching(said) });
      await expect(lastValueFrom(source)).rejects.toMatchObject({ code: 'MESSAGE_DECODE' });
      expect([read, kafka.left]).toEqual([[6n], true]);
    },
  );

  it('should fail with what a function throws as the cause', async () => {
    const bug = new RangeError('a bug');
    const value = (): never => {
      throw bug;
    };
    const { source } = reading([dataOf(...abc)], { value });
    await expect(firstValueFrom(source)).rejects.toMatchObject({ code: 'MESSAGE_DECODE', cause: bug });
  });

  it('should be JSON with text where bytes are UTF-8, else base64', async () => {
    const record = recordOf(3, Buffer.from([0xc3, 0x28]), {
      key: Buffer.from('é'),
      headers: [
        { name: 'h', value: Buffer.from('1') },
        { name: 'h', value: null },
      ],
    });
    const big = recordOf(4, 'v', { offset: 2n ** 60n, aborted: true });
    const { source } = reading([dataOf(record, big)], bounded);
    const [first, second] = await collect(source);
    expect(JSON.parse(JSON.stringify(first))).toEqual({
      topic: 't',
      partition: 0,
      offset: 3,
      timestamp: 1_700_000_000_003,
      key: 'é',
      value: { base64: 'wyg=' },
      headers: [
        { name: 'h', value: '1' },
        { name: 'h', value: null },
      ],
    });
    expect(JSON.parse(JSON.stringify(second))).toMatchObject({ offset: '1152921504606846976', aborted: true });
    expect(first?.headers[0]?.value?.toString()).toBe('1');
  });

  describe('in a loop', () => {
    it('should be sent a message only when the loop asks for it', async () => {
      const { source, kafka } = reading(many(1_000));
      const loop = source[Symbol.asyncIterator]();
      expect(kafka.opened).toEqual([]);
      await loop.next();
      await turn();
      expect(kafka.sent).toBe(108);
      await loop.next();
      await turn();
      expect(kafka.sent).toBe(2 * 108);
      await loop.return?.();
    });

    it('should be sent so many bytes ahead, and no more', async () => {
      const { source, kafka } = reading(many(10_000), { readAhead: 10_000 });
      const loop = source[Symbol.asyncIterator]();
      for (let count = 1; count <= 2_000; count += 1) {
        await loop.next();
        if (count % 100 !== 0) continue;
        await turn();
        expect(kafka.sent - count * 108).toBeLessThanOrEqual(10_000 + 108);
        expect(kafka.sent - count * 108).toBeGreaterThanOrEqual(4_000);
      }
      await loop.return?.();
    });

    it('should answer calls that do not wait for each other in order', async () => {
      const { source } = reading([dataOf(...abc)], { ...bounded, value: 'string' });
      const loop = source[Symbol.asyncIterator]();
      const results = await Promise.all([loop.next(), loop.next(), loop.next(), loop.next(), loop.next()]);
      expect(results.map(({ value, done }) => [value?.value, done])).toEqual([
        ['a', false],
        ['b', false],
        ['c', false],
        [undefined, true],
        [undefined, true],
      ]);
    });

    it('should leave the stream on break, on a throw, and when asked to while it waits', async () => {
      const broken = reading(many(100));
      for await (const _ of broken.source) break;
      expect(broken.kafka.left).toBe(true);

      const thrown = reading(many(100));
      const loop = (async () => {
        for await (const _ of thrown.source) throw new Error('enough');
      })();
      await expect(loop).rejects.toThrow('enough');
      expect(thrown.kafka.left).toBe(true);

      const waiting = reading([]);
      const iterator = waiting.source[Symbol.asyncIterator]();
      const next = iterator.next();
      await iterator.return?.();
      expect([await next, await iterator.next(), waiting.kafka.left]).toEqual([
        { value: undefined, done: true },
        { value: undefined, done: true },
        true,
      ]);
    });

    it('should get the newest of each key where the binding conflates and the loop is slow', async () => {
      const kafka = new FakeKafka({
        sends: Array.from({ length: 10_000 }, (_, n) =>
          dataOf(recordOf(n, `${n}`, { key: Buffer.from(`k${n % 10}`) })),
        ),
      });
      const conflating: Binding<Kafka> = (initial) =>
        kafka
          .binding(initial)
          .pipe(
            conflate<KafkaRecord>({ key: ({ key }) => String(key), window: 1_000_000 }) as MonoTypeOperatorFunction<
              Frame<Kafka['reply']>
            >,
          );
      const read: string[] = [];
      const source = messages(conflating, { topic: 't', from: 'earliest', until: 'latest', value: 'string' });
      for await (const { value } of source) {
        read.push(value ?? '');
        if (read.length === 1) await until(() => kafka.sent === 138_890);
        await turn();
      }
      expect(read.slice(-10)).toEqual(Array.from({ length: 10 }, (_, n) => `${9_990 + n}`));
      expect(read.length).toBeLessThan(100);
    });

    it('should let the event loop turn though there is always a message', async () => {
      const { source } = reading(many(50_000, 10), bounded);
      let turns = 0;
      const timer = setInterval(() => (turns += 1), 1);
      await collect(source);
      clearInterval(timer);
      expect(turns).toBeGreaterThan(2);
    });

    it('should deliver what came before an ABORT, then fail with its fault, then be done', async () => {
      const fault = {
        code: 'KAFKA_ERROR',
        message: 'TOPIC_AUTHORIZATION_FAILED (29): t',
        kafka: { code: 29, name: 'X' },
      };
      const { source } = reading([dataOf(...abc), { abort: fault }], { readAhead: 1_000 });
      const loop = source[Symbol.asyncIterator]();
      for (const offset of [0n, 1n, 2n]) expect((await loop.next()).value).toMatchObject({ offset });
      await expect(loop.next()).rejects.toMatchObject({
        name: 'SluiceError',
        code: 'KAFKA_ERROR',
        message: 'KAFKA_ERROR: TOPIC_AUTHORIZATION_FAILED (29): t',
        kafka: { code: 29 },
      });
      expect(await loop.next()).toEqual({ value: undefined, done: true });
    });

    it('should fail with a defect of the binding', async () => {
      const broken = messages(
        () => {
          throw new TypeError('a bug');
        },
        { topic: 't', from: 'latest' },
      );
      await expect(broken[Symbol.asyncIterator]().next()).rejects.toThrow('a bug');
      await expect(lastValueFrom(broken)).rejects.toThrow('a bug');
    });
  });

  describe('as an Observable', () => {
    it(
      'should deliver each message when it comes, and fail behind those before an ABORT',
      marbles(({ producing, scheduler }) => {
        const values = { a: dataOf(recordOf(0, 'a')), b: dataOf(recordOf(1, 'b')), c: dataOf(recordOf(2, 'c')) };
        const begin = { api: 'merged', partitions: [], cleanupPolicy: undefined } as const;
        const reply = producing<Kafka['reply']>('-a--(bc#)', values, begin);
        const seen: unknown[] = [];
        messages(() => reply, { topic: 't', from: 'earliest', value: 'string', scheduler }).subscribe({
          next: ({ value }) => seen.push([scheduler.now(), value]),
          error: ({ code }) => seen.push([scheduler.now(), code]),
        });
        scheduler.schedule(() => {
          expect(seen).toEqual([
            [1, 'a'],
            [4, 'b'],
            [4, 'c'],
            [4, 'KAFKA_CLOSED'],
          ]);
          seen.push('checked');
        }, 10);
        scheduler.schedule(() => expect(seen).toContain('checked'), 11);
      }),
    );

    it('should leave the stream when it is unsubscribed from, inside a delivery too', async () => {
      const { source, kafka } = reading(many(1_000));
      expect((await lastValueFrom(source.pipe(take(3), toArray()))).length).toBe(3);
      expect(kafka.left).toBe(true);
      expect(kafka.sent).toBeLessThan(256 * 1024 + 6_000);
    });

    it('should grant its own credit, all that a topic takes', async () => {
      const { source } = reading(many(50_000), bounded);
      expect((await lastValueFrom(source.pipe(toArray()))).length).toBe(50_000);
    });

    it('should have no more under way than its window', async () => {
      const { source, kafka } = reading(many(50_000), { ...bounded, readAhead: 5_000 });
      let [count, most] = [0, 0];
      await lastValueFrom(
        source.pipe(
          tap(() => {
            most = Math.max(most, kafka.sent - count * 108);
            count += 1;
          }),
        ),
      );
      expect(count).toBe(50_000);
      expect(most).toBeLessThanOrEqual(5_000 + 108);
    });
  });

  describe('with a gap', () => {
    const gap = { mark: 'gap', partition: 0, from: 1n, to: 9n, reason: 'retention' } as const;
    const sends: Sent[] = [dataOf(recordOf(0, 'a')), gap, dataOf(recordOf(9, 'b')), { mark: 'caught-up' }];

    it('should fail at its place, naming topic, partition, offsets and reason', async () => {
      const { source, kafka } = reading(sends, bounded);
      const read: Message[] = [];
      const failed = await new Promise((error) => source.subscribe({ next: (one) => read.push(one), error }));
      expect(failed).toMatchObject({
        code: 'MESSAGE_GAP',
        message: 'MESSAGE_GAP: t/0 has no offsets 1 to 8: retention',
        cause: { partition: 0, from: 1n, to: 9n },
      });
      expect([read.length, kafka.left]).toEqual([1, true]);
    });

    it('should go on with marks, each with where to resume', async () => {
      const { source } = reading(sends, { ...bounded, marks: true, value: 'string' });
      const items = await collect(source);
      expect(items.map((item) => (item.mark === undefined ? item.value : item.mark))).toEqual([
        'a',
        'gap',
        'b',
        'caught-up',
      ]);
      expect(items.map(({ progress }) => progress.offsets[0])).toEqual(['1', '9', '10', '10']);
      expect(JSON.stringify(items[1])).toBe(
        '{"mark":"gap","topic":"t","partition":0,"from":1,"to":9,"reason":"retention"}',
      );
    });
  });
});
