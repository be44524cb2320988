import { map } from 'rxjs';
import { type StageOptions, stage } from '../../../operators/flow/stage.ts';
import { abort, begin, type Flush, type Frame, flush, lawful } from '../../../src/index.ts';
import type { Kafka, KafkaAnswer, KafkaReplyBegin, ProducedRecord } from '../../../src/protocol/kafka.ts';
import { fragment } from '../../../src/protocol/kafka-fragment.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';
import { FakeExit } from '../../properties/stage/fake-exit.ts';
import { MemoryStore } from '../../properties/stage/memory-store.ts';

const part = (text: string, last: boolean, opens?: Partial<ProducedRecord>) =>
  fragment(Buffer.from(text), last, opens && { key: null, headers: [], ...opens });

const answered = (record: number, offset: number, partition = 0): Flush<KafkaAnswer> =>
  flush({ answer: 'produced', record, partition, offset: BigInt(offset), timestamp: 0n });

/** Faults are compared by code. */
const refused = (record: number, code: string): Flush<KafkaAnswer> =>
  flush({ answer: 'refused', record, fault: { code, message: '' } });

/** `a` and `A` are one record, so are `b`, `c` and `B`; `x`, `y` and `z` are whole, the last in partition 1. */
const sent = {
  a: part('aa', false, {}),
  A: part('AA', true),
  b: part('bbbb', false, {}),
  c: part('cccc', false),
  B: part('BB', true),
  x: part('x', true, {}),
  y: part('y', true, {}),
  z: part('z', true, { partition: 1 }),
  m: part('m', false),
};

const produce = { api: 'produce', topic: 't', partition: 0 } as const;
const merged = { api: 'merged', capabilities: 'produce', topic: 't', from: { default: 'latest' } } as const;

type Values = Readonly<Record<string, Frame<Kafka['initial']>>>;

/** Leaves the code of each fault. */
const byCode = map((frame: Frame<Kafka['reply']>) => {
  if (frame.kind !== 'flush' || !('answer' in frame.ext) || frame.ext.answer !== 'refused') return frame;
  messages.push(frame.ext.fault.message);
  return refused(frame.ext.record, frame.ext.fault.code);
});

/** What the faults said. */
const messages: string[] = [];

const through = (
  { scheduler, producing, probe }: Marbles,
  options: Partial<StageOptions> = {},
  { partitions = 1, window = 1_000 } = {},
) => {
  const store = new MemoryStore(scheduler);
  const exit = new FakeExit(scheduler, { partitions, window });
  const staged = stage({ store, window: 100, disk: 1_000, scheduler, ...options })(exit.binding);
  const lane = (marble: string, ext: Kafka['initial']['begin'] = produce, upstream = probe(), values: Values = sent) =>
    producing<Kafka['initial']>(marble, values, ext).pipe(upstream, lawful('in'), staged, lawful('out'), byCode);
  return { exit, store, lane };
};

const replying = (ext: KafkaReplyBegin) => begin(ext, () => {});
const begun = {
  B: replying({ api: 'produce' }),
  M: replying({ api: 'merged', partitions: [], cleanupPolicy: undefined }),
};
const values = (exit: FakeExit): string[] => exit.handed.map(({ value }) => value);

describe('stage', () => {
  const test = (name: string, body: (m: Marbles & { after(ms: number, check: () => void): void }) => void) =>
    it(
      name,
      marbles((m) => body({ ...m, after: (ms, check) => void m.scheduler.schedule(check, ms) })),
    );

  test('should hand records on in the order in which they became whole, each answered to who sent it', (m) => {
    const { lane, exit, store } = through(m);
    m.expectFrames(lane('-a---A---|')).toBe('B-----1--(E|)', { ...begun, 1: answered(0, 1) });
    m.expectFrames(lane('---x-----|')).toBe('B---1----(E|)', { ...begun, 1: answered(0, 0) });
    m.after(20, () => {
      expect(values(exit)).toEqual(['x', 'aaAA']);
      expect(exit.handed.map(({ opens }) => opens.length)).toEqual([1, 4]);
      expect([exit.begun, exit.lanes.size, store.created]).toEqual([['describe', 'produce 0'], 0, 0]);
    });
  });

  test('should end behind the last answer', (m) => {
    const { lane, exit } = through(m);
    exit.stuck.add(0);
    m.after(7, () => exit.release(0));
    m.expectFrames(lane('-xy|')).toBe('B-------1(2E|)', { ...begun, 1: answered(0, 0), 2: answered(1, 1) });
  });

  test('should return the credit of a record with its answer', (m) => {
    const { lane, exit } = through(m, { window: 4 });
    const upstream = m.probe();
    exit.stuck.add(0);
    m.after(7, () => exit.release(0));
    m.expectControl(upstream).toBe('4--------2');
    m.expectFrames(lane('-xyx---', produce, upstream)).toBe('B-------123', {
      ...begun,
      ...{ 1: answered(0, 0), 2: answered(1, 1), 3: answered(2, 2) },
    });
  });

  test('should move an unfinished record that uses its window up to disk, and hand it on as a body', (m) => {
    const { lane, exit, store } = through(m, { window: 4 });
    const upstream = m.probe();
    m.expectControl(upstream).toBe('4-442');
    m.expectFrames(lane('-bcB---|', produce, upstream)).toBe('B----1-(E|)', { ...begun, 1: answered(0, 0) });
    m.after(20, () => {
      expect(exit.handed).toMatchObject([{ value: 'bbbbccccBB', fragments: 1, cost: 1, opens: { length: 10 } }]);
      expect([store.created, store.most, store.files.size]).toEqual([1, 10, 0]);
    });
  });

  test('should let an unfinished record wait for the answers that return its window, before it writes', (m) => {
    const { lane, exit, store } = through(m, { window: 6 });
    m.expectFrames(lane('-(xyxya)A')).toBe('B-1234---5', {
      ...begun,
      ...Object.fromEntries([0, 1, 2, 3, 4].map((n) => [n + 1, answered(n, n)])),
    });
    m.after(20, () => expect([values(exit).at(-1), store.created]).toEqual(['aaAA', 0]));
  });

  test('should leave nothing of a record that its sender aborts', (m) => {
    const { lane, exit, store } = through(m, { window: 4 });
    m.expectFrames(lane('-xbc#')).toBe('B-1-(X|)', { ...begun, 1: answered(0, 0) });
    m.after(3, () => expect(store.created).toBe(1));
    m.after(20, () => expect([values(exit), store.files.size]).toEqual([['x'], 0]));
  });

  test('should hand on what is whole, however its sender ends', (m) => {
    const { lane, exit } = through(m, {}, { window: 2 });
    exit.stuck.add(0);
    m.after(9, () => exit.release(0));
    m.expectFrames(lane('-xy-a#')).toBe('B----(X|)', begun);
    m.after(20, () => expect([values(exit), exit.log(0).length, exit.lanes.size]).toEqual([['x', 'y'], 2, 0]));
  });

  test('should refuse a record that is too large as soon as that is known, swallow the rest, and go on', (m) => {
    const { lane, exit } = through(m, { maxMessageBytes: 7 });
    const upstream = m.probe();
    m.expectFrames(lane('-bc-Bx--|', produce, upstream)).toBe('B-R---1-(E|)', {
      ...begun,
      ...{ R: refused(0, 'KAFKA_RECORD_TOO_LARGE') },
      1: answered(1, 0),
    });
    m.after(20, () => {
      expect(values(exit)).toEqual(['x']);
      expect(messages.at(-1)).toMatch(/^KAFKA_RECORD_TOO_LARGE: t.0: a record of 8 bytes or more; the limit is 7$/);
    });
  });

  test('should ask the exit for the most that a topic takes, and refuse what is more as soon as that is known', (m) => {
    const { lane, exit } = through(m);
    exit.limit = 3;
    const late = { ...begun, R: refused(0, 'KAFKA_RECORD_TOO_LARGE'), 1: answered(1, 0) };
    m.expectFrames(lane('b-cBx|')).toBe('BR---(1E|)', late);
    m.expectFrames(lane('-----bcB|')).toBe('B----R--(E|)', late);
    m.after(20, () => expect(exit.begun.filter((api) => api === 'describe')).toHaveLength(1));
  });

  test('should refuse a record at once that says itself that it is too large', (m) => {
    const { lane } = through(m, { maxMessageBytes: 7 });
    const values = { s: part('s', false, { length: 9 }), ...sent };
    m.expectFrames(lane('-s', produce, undefined, values)).toBe('BR', {
      ...begun,
      R: refused(0, 'KAFKA_RECORD_TOO_LARGE'),
    });
  });

  test('should tell a refusal behind the answers to what came before it in the partition, and before no other', (m) => {
    const { lane, exit } = through(m, { maxMessageBytes: 7 }, { partitions: 2 });
    exit.stuck.add(0);
    m.after(9, () => exit.release(0));
    const values = { ...sent, x: part('x', true, { partition: 0 }), b: part('bbbbbbbb', true, { partition: 0 }) };
    m.expectFrames(lane('-xbz', merged, undefined, values)).toBe('M---3-----(1R)', {
      ...begun,
      ...{ 1: answered(0, 0), R: refused(1, 'KAFKA_RECORD_TOO_LARGE'), 3: answered(2, 0, 1) },
    });
  });

  test('should let no stuck partition delay another', (m) => {
    const { lane, exit } = through(m, { window: 4 }, { partitions: 2, window: 2 });
    exit.stuck.add(0);
    m.expectFrames(lane('-x-x-x-x-x')).toBe('B', begun);
    m.expectFrames(lane('-z-z-z-|', merged)).toBe('M-1-2-3(E|)', {
      ...begun,
      ...{ 1: answered(0, 0, 1), 2: answered(1, 1, 1), 3: answered(2, 2, 1) },
    });
  });

  test('should let an unfinished record wait while one that is whole is on disk', (m) => {
    const { lane, exit, store } = through(m, { window: 4, disk: 10 });
    exit.stuck.add(0);
    m.after(20, () => exit.release(0));
    m.expectFrames(lane('-bcB')).toBe('B---- 16ms 1', { ...begun, 1: answered(0, 0) });
    m.expectFrames(lane('- 9ms bcB')).toBe('B---- 20ms 1', { ...begun, 1: answered(0, 1) });
    m.after(40, () => expect([store.most, store.files.size]).toEqual([10, 0]));
  });

  test('should refuse the youngest when unfinished records alone fill the disk', (m) => {
    const { lane, exit, store } = through(m, { window: 4, disk: 10 });
    m.expectFrames(lane('-b--c-----B')).toBe('B------------1', { ...begun, 1: answered(0, 1) });
    m.expectFrames(lane('--b--c-m-mBx')).toBe('B---R-------1', {
      ...begun,
      ...{ R: refused(0, 'STAGE_FULL'), 1: answered(1, 0) },
    });
    m.after(30, () => expect([values(exit), store.files.size]).toEqual([['x', 'bbbbccccBB'], 0]));
  });

  test('should pass records that fit their window while the disk is full', (m) => {
    const { lane, exit } = through(m, { window: 4, disk: 10 }, { window: 20 });
    exit.stuck.add(0);
    m.after(20, () => exit.release(0));
    m.expectFrames(lane('-bcB')).toBe('B---- 16ms 1', { ...begun, 1: answered(0, 0) });
    m.expectFrames(lane('- 9ms x-x')).toBe('B---- 17ms 12', { ...begun, 1: answered(0, 1), 2: answered(1, 2) });
    m.after(15, () => expect(values(exit)).toEqual(['bbbbccccBB', 'x', 'x']));
  });

  test('should refuse a record that the disk fails, and go on', (m) => {
    const { lane, exit, store } = through(m, { window: 4 });
    store.isBroken = true;
    m.expectFrames(lane('-bcBx')).toBe('BR---1', {
      ...begun,
      ...{ R: refused(0, 'STAGE_DISK'), 1: answered(1, 0) },
    });
    m.after(20, () => expect([values(exit), store.files.size]).toEqual([['x'], 0]));
  });

  test('should refuse with its fault what an exit had not answered, and open another for the next', (m) => {
    const { lane, exit } = through(m);
    exit.stuck.add(0);
    m.after(5, () => exit.abort(0, { code: 'KAFKA_ERROR', message: 'gone' }));
    m.after(6, () => exit.release(0));
    m.expectFrames(lane('-xy------x')).toBe('B----(RS)-1', {
      ...begun,
      ...{ R: refused(0, 'KAFKA_ERROR'), S: refused(1, 'KAFKA_ERROR'), 1: answered(2, 0) },
    });
    m.after(20, () => expect(exit.begun).toEqual(['describe', 'produce 0', 'produce 0']));
  });

  test('should choose partitions as the client does, and keep what a record says of itself', (m) => {
    const { lane, exit } = through(m, {}, { partitions: 3 });
    const key = Buffer.from('k');
    const own = { id: 7n, epoch: 1, sequence: 4 };
    const opens = { k: { key }, h: { key: Buffer.from('other'), hashKey: key }, o: { partition: 2, producer: own } };
    const values = Object.fromEntries(Object.entries(opens).map(([at, one]) => [at, part(at, true, one)]));
    m.expectFrames(
      lane('--khorrr|', { ...merged, acks: 'leader' }, undefined, {
        ...values,
        r: part('r', true, {}),
      }),
    ).toBe('M--12345(6E|)', {
      ...begun,
      ...{ 1: answered(0, 0, 2), 2: answered(1, 1, 2), 3: answered(2, 2, 2) },
      ...{ 4: answered(3, 0, 1), 5: answered(4, 3, 2), 6: answered(5, 0, 0) },
    });
    m.after(20, () => {
      expect(exit.handed[2]?.opens).toMatchObject({ producer: own, acks: 'leader', length: 1, partition: 2 });
    });
  });

  test('should fail a stream whose fragments do not fit together, behind its answers', (m) => {
    const { lane, exit } = through(m);
    const fault = abort({ code: 'KAFKA_FRAGMENT', message: '' });
    exit.stuck.add(0);
    m.after(6, () => exit.release(0));
    m.expectFrames(lane('-xm')).toBe('B------(1X|)', { ...begun, 1: answered(0, 0), X: fault });
    m.expectFrames(lane('--ab')).toBe('B--(X|)', { ...begun, X: fault });
    m.expectFrames(lane('--a|')).toBe('B--(X|)', { ...begun, X: fault });
    m.after(20, () => expect(values(exit)).toEqual(['x']));
  });

  it('should refuse options that cannot be', () => {
    for (const options of [{ window: 0 }, { disk: 10, window: 20 }, { maxMessageBytes: 0.5 }]) {
      expect(() => stage({ store: '/nowhere', ...options })).toThrow('OPTION_INVALID');
    }
  });
});
