import { defer, delay, type Observable, of } from 'rxjs';
import { embedded, type KafkaEmbeddedOptions } from '../../../operators/kafka/embedded.ts';
import type { CacheEvent } from '../../../src/cache/events.ts';
import type { Store, Write } from '../../../src/cache/store.ts';
import type { KafkaBegin } from '../../../src/protocol/kafka.ts';
import { MemoryStore } from '../../src/cache/memory-store.ts';
import { temporary } from '../../src/cache/open.ts';
import { FakeBody } from '../../src/kafka/body.ts';
import { Clock } from '../../src/kafka/clock.ts';
import { Consumer } from './consumer.ts';

const root = temporary();
let directories = 0;

const topics = [
  { name: 'events', partitions: 2 },
  { name: 'items', config: { 'cleanup.policy': 'compact', 'max.message.bytes': 2_000 } },
];

/** A store that takes a while to write, and counts that. */
class SlowStore extends MemoryStore {
  writes = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  override write(writes: readonly Write[]): Observable<void> {
    return defer(() => {
      this.writes += 1;
      return super.write(writes).pipe(delay(2, this.#clock));
    });
  }
}

/** An embedded log in virtual time. */
function serving(options: Partial<KafkaEmbeddedOptions> = {}) {
  const clock = new Clock();
  const store = new SlowStore(clock);
  const dir = options.dir ?? `${root}/${directories++}`;
  const events: CacheEvent[] = [];
  const open = (): Observable<Store> => of(store);
  const binding = embedded({
    ...{ dir, topics, open, scheduler: clock, notify: (event: CacheEvent) => events.push(event) },
    ...options,
  });
  const consume = (ext: KafkaBegin, credit = 1_000_000): Consumer => {
    const consumer = new Consumer(binding, ext, credit);
    clock.advance(100);
    return consumer;
  };
  return { clock, store, dir, binding, events, consume };
}

const merged = (rest: Partial<Extract<KafkaBegin, { api: 'merged' }>> = {}): KafkaBegin => ({
  api: 'merged',
  capabilities: 'fetch',
  topic: 'events',
  ...rest,
});
const produce = { api: 'produce', topic: 'events', partition: 0 } as const;
const fetch = { api: 'fetch', topic: 'events', partition: 0 } as const;
const key = (text: string) => ({ key: Buffer.from(text) });

describe('an embedded log', () => {
  it('should tell of its topics', () => {
    const { consume } = serving();
    expect(consume({ api: 'meta', topic: 'events' }).got).toEqual(['meta 0,0']);
    expect(consume({ api: 'describe', topic: 'items', configs: ['cleanup.policy', 'nothing'] }).got).toEqual([
      'configs cleanup.policy',
    ]);
    const all = consume({ api: 'describe', topic: 'events', configs: [] });
    expect(all.got[0]).toContain('retention.ms');
    expect(all.got[0]).toContain('max.message.bytes');
  });

  it('should answer each record with where it is, and be read from there', () => {
    const { consume, clock } = serving();
    const producer = consume(merged({ capabilities: 'produce' }));
    expect(producer.begun).toEqual({ api: 'merged', partitions: [], cleanupPolicy: undefined });
    for (const text of ['a', 'b', 'c']) producer.send(text, { ...key(text), partition: 1 });
    producer.send('d', { ...key('d'), partition: 0, timestamp: 5n });
    clock.advance(100);
    expect(producer.answered).toEqual(['0 1@0', '1 1@1', '2 1@2', '3 0@0']);
    expect(producer.answers[3]).toMatchObject({ timestamp: 5n });
    producer.end();
    expect(producer.got.slice(-2)).toEqual(['end', 'complete']);
    const resumed = consume(merged({ from: { partitions: new Map([[1, { offset: 1n }]]) } }));
    expect(resumed.got.toSorted()).toEqual(['0/d@0', '1/b@1', '1/c@2', 'caught-up']);
    expect(resumed.begun).toMatchObject({ cleanupPolicy: 'delete', partitions: [{ partition: 0 }, { offset: 1n }] });
  });

  it('should write together what waits, in order', () => {
    const { consume, clock, store } = serving();
    const producers = [1, 2, 3].map(() => consume(produce));
    const before = store.writes;
    for (let record = 0; record < 90; record += 1) producers[record % 3]?.send(`${record}`, key(`${record}`));
    clock.advance(100);
    expect(store.writes - before).toBe(1);
    const whole = consume({ ...fetch, batches: true });
    expect(whole.batches.map(({ count }) => count)).toEqual([90]);
    expect(consume(fetch).got.slice(0, 3)).toEqual(['0/0@0', '0/1@1', '0/2@2']);
    expect(producers[1]?.answered.slice(0, 2)).toEqual(['0 0@1', '1 0@4']);
  });

  it('should not answer before a record is written', () => {
    const { consume, clock } = serving();
    const producer = consume(produce);
    producer.send('a');
    clock.advance(1);
    expect(producer.answers).toEqual([]);
    const reader = consume(fetch);
    clock.advance(10);
    expect([producer.answered, reader.got]).toEqual([['0 0@0'], ['caught-up', '0/null@0']]);
  });

  it('should let a stream that does both see what it writes itself', () => {
    const { consume, clock } = serving();
    const both = consume(merged({ capabilities: 'both', from: { default: 'latest' } }));
    expect(both.got).toEqual(['caught-up']);
    both.send('a', { ...key('a'), partition: 0 });
    both.send('b', { ...key('b'), partition: 1 });
    clock.advance(100);
    expect(both.answered).toEqual(['0 0@0', '1 1@0']);
    expect(both.got.filter((one) => one.includes('@')).toSorted()).toEqual(['0/a@0', '1/b@0']);
    both.end();
    clock.advance(100);
    expect(both.got.slice(-2)).toEqual(['end', 'complete']);
  });

  it('should send on an unsettled key to the partition that Kafka would choose, and others in turn', () => {
    const { consume, clock } = serving();
    const producer = consume(merged({ capabilities: 'produce' }));
    for (const text of ['21', '461', 'abc']) producer.send('', key(text));
    for (let record = 0; record < 4; record += 1) producer.send('');
    clock.advance(100);
    const partitions = producer.answered.map((one) => Number(one.split(' ')[1]?.split('@')[0]));
    expect(partitions.slice(0, 3)).toEqual([0, 1, 1]);
    expect(partitions.slice(3).toSorted()).toEqual([0, 0, 1, 1]);
  });

  it('should put records together from fragments, and take their values from a body', () => {
    const { consume, clock } = serving();
    const producer = consume(produce);
    const gone = new FakeBody(Buffer.from('gone'), clock);
    gone.isGone = true;
    producer.send('before', key('1'));
    producer.send('', { ...key('2'), length: 300, body: new FakeBody(Buffer.alloc(300, 'v'), clock) });
    producer.send('', { ...key('3'), length: 4, body: gone });
    producer
      .part('of ', false, { ...key('4'), headers: [] })
      .part('three ', false)
      .part('parts', true);
    producer.send('', { ...key('5'), tombstone: true });
    clock.advance(100);
    expect(producer.answered).toEqual(['0 0@0', '1 0@1', '2 STAGE_DISK', '3 0@2', '4 0@3']);
    expect(consume(fetch).got).toEqual(['0/1@0', '0/2@1', '0/4@2', '0/5@3', 'caught-up']);
  });

  it('should lend a record more than its window, and have its credit back in the end', () => {
    const { consume, clock } = serving({ produceWindow: 1_000 });
    const producer = consume(produce);
    const part = 'x'.repeat(900);
    producer.part(part, false, { ...key('k'), headers: [] });
    for (let sent = 0; sent < 9; sent += 1) {
      expect(producer.balance).toBeGreaterThan(0);
      producer.part(part, sent === 8);
    }
    clock.advance(100);
    expect(producer.answered).toEqual(['0 0@0']);
    // What is owed goes back at half a window.
    expect(producer.balance).toBeGreaterThan(500);
  });

  it('should refuse what cannot be written, and that alone', () => {
    const { consume, clock } = serving();
    const producer = consume(merged({ capabilities: 'produce', topic: 'items' }));
    producer.send('x', key('a'));
    producer.send('x'.repeat(3_000), key('large'));
    producer.send('x'.repeat(1_950), key('with its batch'));
    producer.send('x');
    producer.send('x', { ...key('a'), partition: 7 });
    producer.send('x', { ...key('a'), producer: { id: 1n, epoch: 0, sequence: 0 } });
    producer.send('y', { ...key('a'), acks: 'none' });
    clock.advance(100);
    expect(producer.answered).toEqual([
      '0 0@0',
      '1 KAFKA_RECORD_TOO_LARGE',
      '2 KAFKA_RECORD_TOO_LARGE',
      '3 KAFKA_ERROR',
      '4 KAFKA_ERROR',
      '5 CONFIG_UNSUPPORTED',
      '6 0@-1',
    ]);
    expect(producer.answers[3]).toMatchObject({ fault: { kafka: { name: 'INVALID_RECORD' } } });
    expect(producer.answers[4]).toMatchObject({ fault: { kafka: { name: 'UNKNOWN_TOPIC_OR_PARTITION' } } });
    expect(consume({ ...fetch, topic: 'items' }).got).toEqual(['0/a@1', 'caught-up']);
  });

  it('should write what is whole when its stream is aborted, and nothing of what is not', () => {
    const { consume, clock } = serving();
    const producer = consume(produce);
    producer.send('a', key('a')).part('half', false, { ...key('b'), headers: [] });
    producer.abort();
    clock.advance(100);
    expect(consume(fetch).got).toEqual(['0/a@0', 'caught-up']);
  });

  it('should abort streams of what there is not', () => {
    const { consume } = serving();
    const unknown: KafkaBegin[] = [
      { api: 'meta', topic: 'other' },
      { api: 'describe', topic: 'other', configs: [] },
      merged({ topic: 'other' }),
      { ...fetch, partition: 2 },
      { ...fetch, partition: 2, batches: true },
      { ...produce, partition: 2 },
    ];
    for (const ext of unknown) expect(consume(ext).got).toEqual(['KAFKA_ERROR', 'complete']);
    expect(consume({ api: 'bootstrap', topic: 'events' }).got).toEqual(['CONFIG_UNSUPPORTED', 'complete']);
  });

  it('should conflate for whoever is slow on a compacted topic, and filter by key', () => {
    const { consume, clock } = serving();
    const slow = consume(merged({ topic: 'items' }), 1);
    const picky = consume(merged({ topic: 'items', filters: [[key('b')]] }));
    const producer = consume(merged({ capabilities: 'produce', topic: 'items' }));
    for (const text of ['a', 'b', 'a', 'c', 'a']) producer.send(text, key(text));
    clock.advance(100);
    slow.grant(1_000);
    clock.advance(100);
    expect(slow.got).toEqual(['caught-up', '0/b@1', '0/c@3', '0/a@4']);
    expect(picky.got.filter((one) => one !== 'progress')).toEqual(['caught-up', '0/b@1']);
  });

  it('should bring its log, so that a cache client sits right on it', () => {
    const { consume } = serving();
    expect(consume(fetch, 0).begun).toMatchObject({ log: { topic: 'events', partition: 0 }, offset: 0n });
  });

  it('should refuse options that cannot be', () => {
    const invalid: Partial<KafkaEmbeddedOptions>[] = [
      { snapshotTimeout: 0 },
      { produceWindow: 0.5 },
      { topics: [{ name: '../a' }] },
      { topics: [{ name: '..' }] },
      { topics: [{ name: 'a' }, { name: 'a' }] },
      { topics: [{ name: 'a', partitions: 0 }] },
      { topics: [{ name: 'a', config: { 'retention.ms': 'soon' } }] },
      { topics: [{ name: 'a', config: { 'max.message.bytes': '1.5' } }] },
      { topics: [{ name: 'a', config: { 'segment.bytes': 1 } as never }] },
    ];
    for (const options of invalid) expect(() => serving(options)).toThrow('OPTION_INVALID');
    // @ts-expect-error Kafka knows no such name
    expect(() => embedded({ dir: root, topics: [{ name: 'a', config: { 'retention.m': 1 } }] })).toThrow('retention.m');
  });
});

describe('the whole batches of an embedded log', () => {
  const filled = () => {
    const all = serving();
    const producer = all.consume(produce);
    const write = (...texts: string[]): void => {
      for (const text of texts) {
        producer.send(text, key(text));
        all.clock.advance(10);
      }
    };
    return { ...all, write };
  };
  const whole = { ...fetch, batches: true } as const;

  it('should come as they were written, with marks of where the log stands', () => {
    const { consume, write, clock } = filled();
    write('a', 'b');
    const reader = consume(whole);
    expect(reader.got).toEqual(['watermark', 'batch 0-0', 'batch 1-1', 'caught-up']);
    write('c');
    expect(reader.got.slice(4)).toEqual(['batch 2-2', 'watermark']);
    expect(reader.marks.at(-1)).toMatchObject({ highWatermark: 3n, logStart: 0n });
    clock.advance(12_000);
    expect(reader.got.slice(6)).toEqual(['watermark', 'watermark']);
    reader.end();
    expect(reader.got.at(-1)).toBe('complete');
    expect(clock.timers).toBeLessThan(5);
  });

  it('should end where the log ended, when bounded, and begin where they are told to', () => {
    const { consume, write } = filled();
    write('a', 'b', 'c');
    const batches = (rest: object): string[] =>
      consume({ ...whole, until: 'latest', ...rest }).got.filter((one) => one !== 'watermark');
    expect(batches({ from: { offset: 1n } })).toEqual(['batch 1-1', 'batch 2-2', 'caught-up', 'end', 'complete']);
    expect(batches({ from: 'latest' })).toEqual(['caught-up', 'end', 'complete']);
    expect(batches({ from: { timestamp: 0n } })[0]).toBe('batch 0-0');
    expect(batches({ from: { offset: 9n } })).toEqual(['gap', 'caught-up', 'end', 'complete']);
  });

  it('should wait for credit', () => {
    const { consume, write } = filled();
    write('a', 'b');
    const reader = consume(whole, 1);
    expect(reader.got).toEqual(['watermark', 'batch 0-0']);
    reader.grant(1_000);
    expect(reader.got.slice(2)).toEqual(['batch 1-1', 'caught-up']);
  });
});
