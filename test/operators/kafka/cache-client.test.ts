import { Subject } from 'rxjs';
import { type CacheClientOptions, cacheClient } from '../../../operators/kafka/cache-client.ts';
import type { KafkaBegin } from '../../../src/protocol/kafka.ts';
import { Turns } from '../../../src/testing/index.ts';
import type { Written } from '../../src/log/memory-log.ts';
import { Consumer } from './consumer.ts';
import { LogExit } from './log-exit.ts';

const keys = (letters: string): Written[] => [...letters].map((key) => ({ key }));
const merged = (rest: Partial<Extract<KafkaBegin, { api: 'merged' }>> = {}): KafkaBegin => ({
  api: 'merged',
  capabilities: 'fetch',
  topic: 'topic',
  ...rest,
});

const serving = (leaders: readonly number[], options: CacheClientOptions = {}) => {
  const turns = new Turns();
  const exit = new LogExit(leaders, turns);
  const binding = cacheClient(exit.binding, { scheduler: turns, ...options });
  const settle = (): void => {
    while (turns.turn());
  };
  return {
    turns,
    exit,
    binding,
    settle,
    consume: (ext: KafkaBegin, credit?: number) => new Consumer(binding, ext, credit),
  };
};

describe('a cache client', () => {
  it('should merge the partitions of a topic, from history into what comes', () => {
    const { exit, consume } = serving([1, 1]);
    exit.logs[0]?.append(keys('ab'));
    exit.logs[1]?.append(keys('c'));
    const consumer = consume(merged(), 9);
    expect(consumer.begun).toEqual({
      api: 'merged',
      topicId: 'an-id',
      partitions: [
        { partition: 0, offset: 0n, lastStableOffset: 2n, highWatermark: 2n },
        { partition: 1, offset: 0n, lastStableOffset: 1n, highWatermark: 1n },
      ],
      cleanupPolicy: 'compact',
    });
    exit.logs[1]?.append(keys('d'));
    expect(consumer.got).toEqual(['0/a@0', '0/b@1', '1/c@0', 'caught-up', '1/d@1']);
    consumer.end();
    expect(consumer.got.slice(-2)).toEqual(['end', 'complete']);
  });

  it('should end a bounded read once every partition is read', () => {
    const { exit, consume } = serving([1, 1]);
    exit.logs[0]?.append(keys('ab'));
    const consumer = consume(merged({ until: 'latest' }), 1);
    exit.logs[0]?.append(keys('ab'));
    expect(consumer.grant(9).got).toEqual(['0/a@0', '0/b@1', 'caught-up', 'end', 'complete']);
  });

  it('should end where it is told with BEGIN that its partitions do, whichever was found first', () => {
    const { exit, consume, turns } = serving([1, 1]);
    const found = new Subject<bigint>();
    exit.logs[1]!.find = () => found;
    exit.logs[0]?.append(keys('ab'));
    exit.logs[1]?.append(keys('d'));
    const consumer = consume(merged({ from: { default: { timestamp: 0n } }, until: 'latest' }), 9);
    turns.turn();
    exit.logs[0]?.append(keys('c'));
    found.next(0n);
    turns.turn();
    expect(consumer.begun).toMatchObject({ partitions: [{ lastStableOffset: 3n }, { lastStableOffset: 1n }] });
    expect(consumer.got).toEqual(['0/a@0', '0/b@1', '0/c@2', '1/d@0', 'caught-up', 'end', 'complete']);
  });

  it('should pass over records that newer ones have overtaken, but on a stream that wants every one', () => {
    const { exit, consume } = serving([1]);
    exit.logs[0]?.append(keys('aba'));
    expect(consume(merged(), 9).got).toEqual(['0/b@1', '0/a@2', 'caught-up']);
    expect(consume(merged({ conflates: false }), 9).got).toEqual(['0/a@0', '0/b@1', '0/a@2', 'caught-up']);
  });

  it('should open one stream of each kind however many read, and keep them for a while', () => {
    const { exit, consume, turns } = serving([1, 1]);
    const consumers = Array.from({ length: 100 }, () => consume(merged(), 9));
    expect([exit.opened, [...exit.open].sort()]).toEqual([4, ['describe', 'fetch 0', 'fetch 1', 'meta']]);
    for (const consumer of consumers) consumer.leave();
    expect(exit.open.length).toBeGreaterThan(0);
    const again = consume(merged(), 9);
    while (turns.turn());
    expect([exit.opened, again.got]).toEqual([4, ['caught-up']]);
    again.leave();
    while (turns.turn());
    expect(exit.open).toEqual([]);
    expect(exit.logs.map(({ changes }) => changes.observed)).toEqual([false, false]);
  });

  it('should not wait for a partition without a leader, but with the mark, and take it in when it comes', () => {
    const { exit, consume, turns } = serving([1, -1]);
    exit.logs[0]?.append(keys('a'));
    exit.logs[1]?.append(keys('b'));
    const consumer = consume(merged(), 9);
    expect(consumer.begun).toMatchObject({ partitions: [{ partition: 0 }] });
    expect(consumer.got).toEqual(['0/a@0']);
    exit.lead([1, 1], turns);
    expect(consumer.got).toEqual(['0/a@0', '1/b@0', 'caught-up']);
  });

  it('should read partitions that are new from their start, and leave those that are gone', () => {
    const { exit, consume, turns } = serving([1]);
    const consumer = consume(merged({ from: { default: 'latest' } }), 9);
    exit.lead([1, 1], turns);
    exit.logs[1]?.append(keys('ab'));
    expect(consumer.got).toEqual(['caught-up', '1/a@0', '1/b@1']);
    exit.lead([1], turns);
    exit.logs[1]?.append(keys('c'));
    expect(consumer.got.at(-1)).toBe('1/b@1');
  });

  it('should have caught up once a partition that it waits for is gone, and lose a snapshot', () => {
    const { exit, consume, turns } = serving([1, -1]);
    exit.logs[0]?.append(keys('a'));
    const [live, bounded] = [consume(merged(), 9), consume(merged({ until: 'latest' }), 9)];
    expect([live.got, bounded.got]).toEqual([['0/a@0'], ['0/a@0']]);
    exit.lead([1], turns);
    expect([live.got, bounded.got]).toEqual([
      ['0/a@0', 'caught-up'],
      ['0/a@0', 'SNAPSHOT_LOST', 'complete'],
    ]);
  });

  it('should begin where each partition is told to, and else where the exit says', () => {
    const { exit, consume } = serving([1, 1]);
    exit.from = 'latest';
    for (const log of exit.logs) log.append(keys('abc'));
    const told = consume(merged({ from: { partitions: new Map([[1, { offset: 2n }]]) } }), 9);
    const untold = consume({ api: 'fetch', topic: 'topic', partition: 0 }, 9);
    expect([told.got, untold.got]).toEqual([['1/c@2', 'caught-up'], ['caught-up']]);
    expect(untold.begun).toEqual({
      api: 'fetch',
      topicId: 'an-id',
      partition: 0,
      offset: 3n,
      lastStableOffset: 3n,
      highWatermark: 3n,
    });
  });

  it('should change filters at their place', () => {
    const { exit, consume } = serving([1]);
    exit.logs[0]?.append(keys('abc'));
    const consumer = consume(merged({ filters: [[{ key: Buffer.from('a') }]] }), 9);
    consumer.filter([[{ key: Buffer.from('b') }]]);
    exit.logs[0]?.append(keys('ab'));
    expect(consumer.got.filter((one) => one !== 'progress')).toEqual(['0/a@0', 'caught-up', 'filters', '0/b@4']);
  });

  it('should tell of a change of filters before what they accept, and behind all that those before them did', () => {
    const { exit, consume } = serving([1, 1]);
    const change = exit.logs[1]?.changes.subscribe(() => consumer.filter([[{ key: Buffer.from('b') }]]));
    const consumer = consume(merged({ filters: [[{ key: Buffer.from('a') }]] }), 9);
    // Those that wait for keys have not learned yet that there is more.
    exit.logs[1]?.append(keys('ab'));
    change?.unsubscribe();
    expect(consumer.got).toEqual(['caught-up', 'filters', '1/b@1']);
  });

  it('should answer meta and describe from one stream of the exit', () => {
    const { exit, consume, turns } = serving([1]);
    const metas = [1, 2].map(() => consume({ api: 'meta', topic: 'topic' }, 99));
    const one = consume({ api: 'describe', topic: 'topic', configs: ['retention.ms'] }, 99);
    const all = consume({ api: 'describe', topic: 'topic', configs: [] }, 99);
    exit.lead([2], turns);
    expect(metas.map(({ got }) => got)).toEqual([
      ['meta 1', 'meta 2'],
      ['meta 1', 'meta 2'],
    ]);
    expect([one.got, all.got]).toEqual([['configs retention.ms'], ['configs cleanup.policy,retention.ms']]);
    expect(exit.opened).toBe(2);
  });

  it('should abort with what its exit does, and where that brings no log or ends', () => {
    const { exit, consume } = serving([1]);
    exit.bringsLogs = false;
    expect(consume(merged()).got).toEqual(['CACHE_LOG_MISSING', 'complete']);
    exit.bringsLogs = true;
    const open = [consume(merged(), 9), consume(merged(), 9)];
    exit.logs[0]?.changes.error({ code: 'CACHE_CLOSED', message: 'closed' });
    expect(open.map(({ got }) => got.slice(-2))).toEqual([
      ['CACHE_CLOSED', 'complete'],
      ['CACHE_CLOSED', 'complete'],
    ]);
    const other = serving([1]);
    const consumer = other.consume(merged(), 9);
    other.exit.streams.get('fetch 0')?.close();
    expect(consumer.got.slice(-2)).toEqual(['CACHE_LOG_GONE', 'complete']);
  });

  it('should refuse what it cannot answer, and that stream alone', () => {
    const { consume } = serving([1]);
    const refused: KafkaBegin[] = [
      { api: 'produce', topic: 'topic', partition: 0 },
      { api: 'bootstrap', topic: 'topic' },
      { api: 'fetch', topic: 'topic', partition: 0, batches: true },
      merged({ capabilities: 'both' }),
    ];
    for (const ext of refused) expect(consume(ext).got).toEqual(['CONFIG_UNSUPPORTED', 'complete']);
    expect(consume(merged(), 9).got).toEqual(['caught-up']);
  });

  it('should refuse options that cannot be', () => {
    expect(() => cacheClient(serving([1]).exit.binding, { grace: 0 })).toThrow('OPTION_INVALID');
    expect(() => cacheClient(serving([1]).exit.binding, { snapshotTimeout: -1 })).toThrow('OPTION_INVALID');
  });
});
