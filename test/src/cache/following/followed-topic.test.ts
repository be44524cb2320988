import { Subscriber } from 'rxjs';
import type { FollowedLog } from '../../../../src/cache/following/followed-log.ts';
import { FollowedTopic } from '../../../../src/cache/following/followed-topic.ts';
import { abort, data } from '../../../../src/frame.ts';
import type { KafkaFault, Meta } from '../../../../src/protocol/kafka.ts';
import { Clock } from '../../kafka/clock.ts';
import { type Asked, FakeLogs, fakeSource } from './fakes.ts';

const UNKNOWN: KafkaFault = {
  code: 'KAFKA_ERROR',
  message: 'there is no such topic',
  kafka: { code: 3, name: 'UNKNOWN_TOPIC_OR_PARTITION' },
};
const FULL: KafkaFault = { code: 'CACHE_WRITE', message: 'no space left' };
const UNREACHABLE: KafkaFault = { code: 'NET_REFUSED', message: 'nothing listens' };

function setup({
  defaultOffset = 'historical',
  logs = new FakeLogs(),
}: Partial<{ defaultOffset: 'live' | 'historical'; logs: FakeLogs }> = {}) {
  const clock = new Clock();
  const { binding, asked } = fakeSource(clock);
  const life = new Subscriber<never>({ next() {}, error() {}, complete() {} });
  const topic = new FollowedTopic(
    {
      exit: binding,
      topic: 't',
      logs,
      defaultOffset,
      backoff: { backoff: 100, random: () => 0.5 },
      scheduler: clock,
      onRetry: () => {},
    },
    life,
  );
  const of = (api: string): Asked[] => asked.filter(({ begin }) => begin.api === api);
  const last = (api: string): Asked => of(api).at(-1) as Asked;
  const meta = (topicId: string, partitions: number): void => {
    const told: Meta = {
      topicId,
      partitions: Array.from({ length: partitions }, (_, partition) => ({ partition, leader: 1 })),
    };
    last('meta').send(data(told, 8));
  };
  last('meta').answer({ api: 'meta' });
  last('describe').answer({ api: 'describe' });
  const describe = (policy: string): void => last('describe').send(data({ configs: { 'cleanup.policy': policy } }, 30));
  const fetches = () =>
    of('fetch')
      .filter(({ isOpen }) => isOpen)
      .map(({ begin }) => begin.api === 'fetch' && [begin.partition, begin.from]);
  const log = (partition: number) => {
    const found: (FollowedLog | KafkaFault)[] = [];
    topic.log(partition).subscribe({ next: (one) => found.push(one), error: (fault) => found.push(fault) });
    return found;
  };
  return { clock, topic, logs, last, meta, describe, fetches, log, life };
}

describe('a topic that is followed', () => {
  it('should tell the logs that it keeps what is written to their source', () => {
    const { topic, meta, describe, logs } = setup();
    topic.written(0, 1n);
    meta('id', 1);
    describe('delete');
    topic.written(0, 4n);
    topic.written(1, 4n);
    expect([0, 1].map((partition) => logs.partition(partition).done.filter((one) => one.startsWith('expect')))).toEqual(
      [['expect 5'], []],
    );
  });

  it('should follow its partitions once it is known what it is and how it is configured', () => {
    const { meta, describe, fetches, logs } = setup();
    meta('A', 2);
    expect(fetches()).toEqual([]);
    describe('delete');
    expect(fetches()).toEqual([
      [0, 'earliest'],
      [1, 'earliest'],
    ]);
    expect(logs.remembered).toEqual({ topicId: 'A', partitions: [0, 1], configs: { 'cleanup.policy': 'delete' } });
  });

  it('should begin live where that is the default, but for compacted topics and for partitions that are new', () => {
    const plain = setup({ defaultOffset: 'live' });
    plain.meta('A', 1);
    plain.describe('delete');
    plain.meta('A', 2);
    expect(plain.fetches()).toEqual([
      [0, 'latest'],
      [1, 'earliest'],
    ]);
    expect(plain.topic.start).toBe('highWatermark');
    const compacted = setup({ defaultOffset: 'live' });
    compacted.meta('A', 1);
    compacted.describe('compact');
    expect(compacted.fetches()).toEqual([[0, 'earliest']]);
    expect(compacted.topic.start).toBe('logStart');
  });

  it('should begin anew where a topic becomes compacted of whose start it has nothing', () => {
    const { logs, meta, describe, fetches } = setup({ defaultOffset: 'live' });
    meta('A', 2);
    describe('delete');
    for (const [partition, logStart] of [50n, 7n].entries())
      Object.assign(logs.partition(partition), {
        ...{ next: 60n, logStart },
        standing: { logStart: 7n, highWatermark: 60n, lastStableOffset: 60n },
      });
    describe('compact');
    expect([0, 1].map((partition) => logs.partition(partition).done)).toEqual([['restart tombstones'], []]);
    expect(fetches()).toEqual([
      [0, 'earliest'],
      [1, { offset: 60n }],
    ]);
    describe('compact');
    expect(logs.partition(0).done).toEqual(['restart tombstones']);
  });

  it('should serve what it remembers before its source says anything, and follow once that is the same topic', () => {
    const logs = new FakeLogs();
    logs.remembered = { topicId: 'A', partitions: [0], configs: { 'cleanup.policy': 'delete' } };
    logs.partition(0).next = 5n;
    const { log, fetches, meta, describe } = setup({ logs });
    expect(log(0)).toEqual([logs.partition(0)]);
    expect(fetches()).toEqual([]);
    meta('A', 1);
    describe('delete');
    expect(fetches()).toEqual([[0, { offset: 5n }]]);
  });

  it('should drop what is cached of a topic whose name another one has now, before anything of that comes', () => {
    const logs = new FakeLogs();
    logs.remembered = { topicId: 'A', partitions: [0], configs: {} };
    logs.partition(0).next = 5n;
    const { fetches, meta, describe } = setup({ logs });
    meta('B', 1);
    describe('delete');
    expect(logs.partition(0).done).toEqual(['restart recreated B']);
    expect(fetches()).toEqual([[0, 'earliest']]);
    meta('C', 1);
    expect(logs.partition(0).done).toEqual(['restart recreated B', 'restart recreated C']);
    expect(fetches()).toEqual([[0, 'earliest']]);
    expect(logs.remembered?.topicId).toBe('C');
  });

  it('should follow none of a topic that was made again before all of the old one is dropped, whatever is told meanwhile', () => {
    const logs = new FakeLogs();
    logs.remembered = { topicId: 'A', partitions: [0, 1], configs: {} };
    for (const partition of [0, 1]) {
      logs.partition(partition).next = 5n;
      logs.partition(partition).held = true;
    }
    const { fetches, meta, describe } = setup({ logs });
    describe('delete');
    meta('B', 2);
    meta('B', 2);
    expect(fetches()).toEqual([]);
    meta('C', 2);
    meta('C', 2);
    expect(fetches()).toEqual([]);
    logs.partition(0).settle();
    expect(fetches()).toEqual([]);
    logs.partition(1).settle();
    expect(fetches()).toEqual([
      [0, 'earliest'],
      [1, 'earliest'],
    ]);
    expect(logs.remembered?.topicId).toBe('C');
  });

  it('should serve what there is while nothing can be written, and follow once it can be', () => {
    const logs = new FakeLogs();
    logs.remembered = { topicId: 'A', partitions: [0], configs: {} };
    logs.failing = FULL;
    const { log, fetches, meta, describe, clock } = setup({ logs });
    meta('A', 1);
    describe('delete');
    expect([log(0), fetches()]).toEqual([[logs.partition(0)], []]);
    clock.advance(1_000);
    expect(fetches()).toEqual([[0, 'earliest']]);
    logs.partition(0).failing = FULL;
    meta('B', 1);
    expect([log(0), fetches()]).toEqual([[logs.partition(0)], []]);
    clock.advance(1_000);
    expect(fetches()).toEqual([[0, 'earliest']]);
  });

  it('should follow a topic whose configuration may not be seen', () => {
    const { meta, last, fetches } = setup();
    meta('A', 1);
    last('describe').send(
      abort({ code: 'KAFKA_ERROR', message: 'no', kafka: { code: 29, name: 'TOPIC_AUTHORIZATION_FAILED' } }),
    );
    expect(fetches()).toEqual([[0, 'earliest']]);
  });

  it('should refuse a partition that there is not, and whoever waits for a topic that cannot be found', () => {
    const { log, meta, last, clock } = setup();
    const waiting = log(0);
    last('meta').send(abort(UNKNOWN));
    expect(waiting).toMatchObject([{ code: 'KAFKA_ERROR', kafka: UNKNOWN.kafka }]);
    clock.advance(1_000);
    last('meta').answer({ api: 'meta' });
    meta('A', 1);
    expect(log(3)).toMatchObject([{ code: 'KAFKA_ERROR', kafka: UNKNOWN.kafka }]);
  });

  it('should go on serving while its source cannot be reached, and end what is open when the topic is gone', () => {
    const { log, meta, describe, last, clock, fetches, topic } = setup();
    meta('A', 1);
    describe('delete');
    const told: unknown[] = [];
    topic.metas.subscribe({ next: () => told.push('meta'), error: (fault) => told.push(fault) });
    last('meta').send(abort(UNREACHABLE));
    expect(told).toEqual(['meta']);
    expect(log(0)).toHaveLength(1);
    clock.advance(1_000);
    last('meta').answer({ api: 'meta' });
    last('meta').send(abort(UNKNOWN));
    expect(told).toMatchObject(['meta', { code: 'KAFKA_ERROR', kafka: UNKNOWN.kafka }]);
    expect(fetches()).toEqual([]);
  });

  it('should leave nothing open once it is left', () => {
    const { meta, describe, life, fetches, clock, last } = setup();
    meta('A', 2);
    describe('delete');
    life.unsubscribe();
    expect(fetches()).toEqual([]);
    expect(last('meta').isOpen).toBe(false);
    expect(clock.timers).toBe(0);
  });
});
