import { Subscriber } from 'rxjs';
import { Cursor } from '../../../src/log/cursor.ts';
import { Dispatcher } from '../../../src/log/dispatcher.ts';
import { filteringOf } from '../../../src/protocol/kafka-filters.ts';
import { Turns } from '../../../src/testing/index.ts';
import { Clock } from '../kafka/clock.ts';
import { CursorReader } from './cursor-reader.ts';
import { MemoryLog, type Written } from './memory-log.ts';

const keys = (letters: string): Written[] => [...letters].map((key) => ({ key: key === '-' ? null : key }));
const logOf = (letters: string, options = {}): MemoryLog => {
  const log = new MemoryLog(options);
  log.append(keys(letters));
  return log;
};

describe('a cursor', () => {
  it('should go over from history into what comes without a seam, and say once that it has caught up', () => {
    const log = logOf('abcdefghij');
    const reader = new CursorReader([log]).grant(100);
    log.append(keys('k'));
    log.append(keys('lm'));
    expect(reader.got.join(' ')).toBe('a@0 b@1 c@2 d@3 e@4 f@5 g@6 h@7 i@8 j@9 caught-up k@10 l@11 m@12');
  });

  it('should send what its receiver pays for, and no more', () => {
    const log = logOf('abc');
    const reader = new CursorReader([log]);
    expect(reader.got).toEqual([]);
    expect(reader.grant(1).got).toEqual(['a@0']);
    expect(reader.grant(2).got).toEqual(['a@0', 'b@1', 'c@2', 'caught-up']);
  });

  it('should say without credit that it has caught up where there is nothing', () => {
    expect(new CursorReader([logOf('')]).got).toEqual(['caught-up']);
    expect(new CursorReader([logOf('abc')], { from: 'latest' }).got).toEqual(['caught-up']);
  });

  it('should begin at an offset, at the end and at a time', () => {
    const log = new MemoryLog({ compacted: false });
    log.append([0, 10, 20, 30].map((timestamp) => ({ key: 'k', timestamp })));
    const from = (from: ConstructorParameters<typeof CursorReader>[1]): string => {
      const turns = new Turns();
      const cold = new CursorReader([log], from, turns).grant(9).settle();
      return cold.got.filter((one) => one.startsWith('k')).join(' ');
    };
    expect(from({ from: { offset: 2n } })).toBe('k@2 k@3');
    expect(from({ from: 'latest' })).toBe('');
  });

  it('should begin at the first record of a time, and at the end where there is none', () => {
    const turns = new Turns();
    const log = new MemoryLog({ compacted: false, scheduler: turns });
    log.append([0, 10, 20, 30].map((timestamp) => ({ key: 'k', timestamp })));
    const one = new CursorReader([log], { from: { timestamp: 15n } }, turns).grant(9);
    const other = new CursorReader([log], { from: { timestamp: 99n } }, turns).grant(9);
    one.settle();
    expect(one.got).toEqual(['k@2', 'k@3', 'caught-up']);
    expect(other.got).toEqual(['caught-up']);
  });

  it('should wait with the end, and with a start at it, until the log is level', () => {
    const log = logOf('ab');
    log.setLevel(false);
    const history = new CursorReader([log]).grant(9);
    const live = new CursorReader([log], { from: 'latest' }).grant(9);
    log.append(keys('c'));
    expect(history.got).toEqual(['a@0', 'b@1', 'c@2']);
    expect(live.got).toEqual([]);
    log.setLevel(true);
    expect(history.got.at(-1)).toBe('caught-up');
    log.append(keys('d'));
    expect(live.got).toEqual(['caught-up', 'd@3']);
  });

  it('should wait with its end for what had been written when it began, and for nothing behind that', () => {
    const log = logOf('ab');
    log.expected = 4n;
    const bounded = new CursorReader([log], { isBounded: true }).grant(9);
    const behind = new CursorReader([log], { from: { offset: 3n } }).grant(9);
    log.append(keys('c'));
    log.expected = 9n;
    expect([bounded.got, behind.got]).toEqual([['a@0', 'b@1', 'c@2'], []]);
    log.append(keys('d'));
    expect([bounded.got.slice(3), behind.got]).toEqual([
      ['d@3', 'caught-up'],
      ['d@3', 'caught-up'],
    ]);
  });

  it('should pass over what is superseded at the moment of sending', () => {
    const log = logOf('abc-');
    const reader = new CursorReader([log]).grant(1);
    log.append(keys('b-a'));
    expect(reader.grant(9).got).toEqual(['a@0', 'c@2', 'null@3', 'b@4', 'null@5', 'a@6', 'caught-up']);
  });

  it('should move its end past what took the place of a record before it', () => {
    const log = logOf('abcd');
    const reader = new CursorReader([log]);
    log.append(keys('xbyz'));
    expect(reader.grant(4).got.join(' ')).toBe('a@0 c@2 d@3 x@4');
    expect(reader.grant(1).grant(9).got.join(' ')).toBe('a@0 c@2 d@3 x@4 b@5 caught-up y@6 z@7');
  });

  it('should move its end to where the index stood when the cleaner took something ahead of it', () => {
    const log = logOf('abcd');
    const reader = new CursorReader([log]).grant(1);
    log.append(keys('xby'));
    log.clean();
    expect(reader.grant(9).got.join(' ')).toBe('a@0 c@2 d@3 x@4 b@5 y@6 caught-up');
  });

  it('should not conflate what is not decided, nor for it', () => {
    const log = logOf('ab');
    log.append(keys('ab'), 'open');
    const committed = new CursorReader([log]).grant(9);
    const uncommitted = new CursorReader([log], { isolation: 'read_uncommitted' }).grant(9);
    expect(committed.got).toEqual(['a@0', 'b@1', 'caught-up']);
    expect(uncommitted.got).toEqual(['a@0', 'b@1', 'a@2', 'b@3', 'caught-up']);
    log.finish('open', 'abort');
    log.append(keys('c'));
    expect(committed.got.at(-1)).toBe('c@5');
    expect(new CursorReader([log]).grant(9).got).toEqual(['a@0', 'b@1', 'c@5', 'caught-up']);
  });

  it('should tell of what it missed, at the moment that it would send', () => {
    const log = logOf('abcdefgh');
    const reader = new CursorReader([log]).grant(1);
    log.retain(4n);
    expect(reader.got).toEqual(['a@0']);
    expect(reader.grant(1).got).toEqual(['a@0', 'retention 1-4', 'e@4']);
  });

  it('should tell of tombstones that went unseen: to who is open, or begins at an offset, and to nobody else', () => {
    const log = new MemoryLog();
    log.append([{ key: 'a' }, { key: 'b' }, { key: 'a', value: null }, { key: 'c' }]);
    const open = new CursorReader([log]).grant(1);
    log.expireTombstones(4n);
    expect(open.grant(9).got).toEqual(['b@1', 'tombstones 2-3', 'c@3', 'caught-up']);
    const saved = new CursorReader([log], { from: { offset: 2n } }).grant(9);
    expect(saved.got).toEqual(['tombstones 2-3', 'c@3', 'caught-up']);
    expect(new CursorReader([log], { from: { offset: 3n } }).grant(9).got).toEqual(['c@3', 'caught-up']);
    expect(new CursorReader([log]).grant(9).got).not.toContain('tombstones 2-3');
  });

  it('should go on from the start of a log that is begun anew', () => {
    const log = logOf('abc');
    const reader = new CursorReader([log]).grant(9);
    log.recreate();
    log.append(keys('x'));
    expect(reader.got).toEqual(['a@0', 'b@1', 'c@2', 'caught-up', 'recreated 3-3', 'x@0']);
  });

  it('should tell of what is lost, from where it is', () => {
    const from = (offset: bigint): string[] => {
      const log = logOf('abcdefgh', { chunk: 4 });
      log.lost = [0n, 4n];
      return new CursorReader([log], { from: { offset } }).grant(9).got;
    };
    expect(from(0n)).toEqual(['corrupt 0-4', 'e@4', 'f@5', 'g@6', 'h@7', 'caught-up']);
    expect(from(2n)).toEqual(['corrupt 2-4', 'e@4', 'f@5', 'g@6', 'h@7', 'caught-up']);
    expect(from(5n)).toEqual(['f@5', 'g@6', 'h@7', 'caught-up']);
  });

  it('should tell again of what is lost at the same place of a log that was begun anew', () => {
    const log = logOf('abcd', { chunk: 4 });
    log.lost = [0n, 4n];
    const reader = new CursorReader([log]).grant(9);
    log.recreate();
    log.append(keys('abcde'));
    expect(reader.got).toEqual([
      ...['corrupt 0-4', 'progress 4', 'caught-up'],
      ...['recreated 4-4', 'corrupt 0-4', 'e@4'],
    ]);
  });

  it('should read chunks that are not in memory', () => {
    const turns = new Turns();
    const log = logOf('abcdefghijklmnopqrstuv', { cold: true, scheduler: turns });
    const reader = new CursorReader([log], {}, turns).grant(100).settle();
    expect(reader.records.length).toBe(22);
    expect(reader.got.at(-1)).toBe('caught-up');
  });

  it('should not be woken without credit, however much comes', () => {
    const log = logOf('a');
    const dispatcher = new Dispatcher(log, new Turns());
    const readers = Array.from({ length: 10 }, () => new CursorReader([dispatcher]).grant(1));
    const before = readers.map(({ wakes }) => wakes);
    for (let n = 0; n < 100; n += 1) log.append(keys('b'));
    expect(readers.map(({ wakes }, at) => wakes - (before[at] as number))).toEqual(readers.map(() => 0));
    expect(readers.map((reader) => reader.grant(1).got.at(-1))).toEqual(readers.map(() => 'b@100'));
  });
});

describe('a bounded cursor', () => {
  it('should send what there is, and hold back the cleaner meanwhile', () => {
    const log = logOf('abcab');
    const reader = new CursorReader([log], { isBounded: true }).grant(1);
    expect([reader.got, log.holds]).toEqual([['c@2'], 1]);
    log.append(keys('abc'));
    log.clean();
    expect(reader.grant(9).got).toEqual(['c@2', 'a@3', 'b@4', 'caught-up']);
    expect([log.holds, reader.cursors.isLevel]).toEqual([0, true]);
  });

  it('should fail when retention takes what it has still to send', () => {
    const log = logOf('abcd');
    const reader = new CursorReader([log], { isBounded: true }).grant(1);
    log.retain(3n);
    reader.grant(1);
    expect(reader.failures).toMatchObject([{ code: 'SNAPSHOT_LOST' }]);
    expect(log.holds).toBe(0);
  });

  it('should wait until the log is level, and end at what there is then', () => {
    const log = logOf('ab');
    log.setLevel(false);
    const reader = new CursorReader([log], { isBounded: true }).grant(9);
    log.append(keys('c'));
    expect(reader.got).toEqual(['a@0', 'b@1', 'c@2']);
    log.setLevel(true);
    log.append(keys('d'));
    expect(reader.got).toEqual(['a@0', 'b@1', 'c@2', 'caught-up']);
  });

  it('should expire when it takes nothing for a minute, and not when it waits for what is not there', () => {
    const log = logOf('ab');
    const [one, other] = [new CursorReader([log], { isBounded: true }), new CursorReader([log], { isBounded: true })];
    log.setLevel(false);
    const patient = new CursorReader([log], { isBounded: true }).grant(9);
    for (const reader of [one, other, patient]) {
      reader.turns.time = 59_999;
      reader.turns.turn();
    }
    expect(one.failures).toEqual([]);
    other.grant(1);
    for (const reader of [one, other, patient]) {
      reader.turns.time = 60_000;
      reader.turns.turn();
    }
    expect(one.failures).toMatchObject([{ code: 'SNAPSHOT_EXPIRED' }]);
    expect([other.failures, patient.failures]).toEqual([[], []]);
  });
});

const keyed = (...names: string[]) => filteringOf(names.map((name) => [{ key: Buffer.from(name) }]));

describe('a cursor with filters', () => {
  it('should send what they accept, and tell what that leaves of where it is', () => {
    const log = logOf('abcd');
    const reader = new CursorReader([log], { filtering: keyed('b') }).grant(9);
    expect(reader.got).toEqual(['b@1', 'progress 4', 'caught-up']);
    log.append(keys('acb'));
    expect(reader.got.at(-1)).toBe('b@6');
  });

  it('should find the keys of a compacted log by its index, and read nothing else', () => {
    const log = new MemoryLog({ chunk: 4 });
    for (let n = 0; n < 1_000; n += 1) log.append([{ key: `k${n % 500}` }]);
    const before = log.peeks;
    const reader = new CursorReader([log], { filtering: keyed('k7', 'k300', 'none') }).grant(9);
    expect(reader.got).toEqual(['k7@507', 'k300@800', 'progress 1000', 'caught-up']);
    expect(log.peeks - before).toBeLessThan(4);
  });

  it('should not trust the index for what comes behind a snapshot', () => {
    const log = new MemoryLog({ chunk: 4 });
    log.append(keys('abcdefgh'));
    const reader = new CursorReader([log], { filtering: keyed('b', 'g'), isBounded: true });
    log.append(keys('b'));
    expect(reader.grant(9).got).toEqual(['b@1', 'g@6', 'progress 8', 'caught-up']);
  });

  it('should be told of what is lost, of which no index knows whether it had their keys', () => {
    const log = logOf('abcdefgh', { chunk: 4 });
    log.lost = [0n, 4n];
    const reader = new CursorReader([log], { filtering: keyed('h') }).grant(9);
    expect(reader.got).toEqual(['corrupt 0-4', 'h@7', 'caught-up']);
  });

  it('should send what is not decided to who asks for that, though no index knows it', () => {
    const log = logOf('ab');
    log.append(keys('ab'), 'open');
    const reader = new CursorReader([log], { filtering: keyed('a'), isolation: 'read_uncommitted' }).grant(9);
    expect(reader.got).toEqual(['a@0', 'a@2', 'progress 4', 'caught-up']);
  });

  it('should be woken for its keys, and for no others', () => {
    const log = logOf('ab');
    const dispatcher = new Dispatcher(log, new Turns());
    const of = (...names: string[]) => new CursorReader([dispatcher], { filtering: keyed(...names) }).grant(99);
    const [a, b, both] = [of('a'), of('b'), of('a', 'b')];
    const wakes = (): number[] => [a, b, both].map((reader) => reader.wakes);
    const before = wakes();
    log.append(keys('cdcdcd'));
    expect(wakes()).toEqual(before);
    log.append(keys('b'));
    expect(a.wakes).toBe(before[0]);
    expect([a, b, both].map(({ got }) => got.at(-1))).toEqual(['caught-up', 'b@8', 'b@8']);
    log.append(keys('xba'));
    expect([a, b, both].map(({ got }) => got.at(-1))).toEqual(['a@11', 'b@10', 'a@11']);
  });

  it('should be woken for its keys again after what would have told of them could not be read', () => {
    const turns = new Turns();
    const log = logOf('ab', { scheduler: turns });
    const dispatcher = new Dispatcher(log, turns);
    const first = new CursorReader([dispatcher], { filtering: keyed('a') }, turns).grant(99).settle();
    log.cold = true;
    log.failing = new Error('unreadable');
    log.append(keys('ba'));
    first.settle();
    expect(first.got.at(-1)).toBe('a@3');
    log.append(keys('ba'));
    expect(first.settle().got.at(-1)).toBe('a@5');
  });

  it('should leave nothing to be done when it leaves while it waits', () => {
    const clock = new Clock();
    const log = logOf('ab');
    const life = new Subscriber<never>({ next() {}, error() {}, complete() {} });
    const cursor = new Cursor(new Dispatcher(log, clock), {
      ...{ from: 'latest', isolation: 'read_committed', conflates: true, filtering: keyed('a') },
      ...{ scheduler: clock, life, changed: () => {} },
    });
    expect([cursor.poll(9)?.kind, cursor.poll(9)]).toEqual(['flush', undefined]);
    log.append(keys('b'));
    cursor.close();
    expect(clock.timers).toBe(0);
  });

  it('should tell while it waits how far it is: after 10,000 records, or 5 s', () => {
    const log = new MemoryLog({ chunk: 100 });
    const turns = new Turns();
    const reader = new CursorReader([new Dispatcher(log, turns)], { filtering: keyed('a') }, turns).grant(9);
    for (let n = 0; n < 100; n += 1) log.append(Array.from({ length: 99 }, () => ({ key: 'b' })));
    expect(reader.got).toEqual(['caught-up']);
    log.append(Array.from({ length: 101 }, () => ({ key: 'b' })));
    expect(reader.got.at(-1)).toBe('progress 10000');
    log.append(keys('b'));
    expect(reader.settle().got.at(-1)).toBe('progress 10002');
    log.append(keys('a'));
    expect(reader.got.at(-1)).toBe('a@10002');
  });

  it('should take other filters while it waits, and while it reads', () => {
    const log = logOf('ab');
    const reader = new CursorReader([log], { filtering: keyed('a') }).grant(99);
    log.append(keys('b'));
    reader.cursors.refilter(keyed('b'));
    reader.grant(0);
    log.append(keys('ab'));
    reader.cursors.refilter(undefined);
    reader.grant(0);
    log.append(keys('ab'));
    expect(reader.got.filter((one) => one.includes('@'))).toEqual(['a@0', 'b@4', 'a@5', 'b@6']);
  });

  it('should tell which filters accept a record where all are evaluated', () => {
    const log = new MemoryLog();
    const headers = [{ name: 'h', value: Buffer.from('x') }];
    log.append([{ key: 'a', headers }, { key: 'b', headers }, { key: 'c' }]);
    const filters = [[{ key: Buffer.from('a') }], [{ header: { name: 'h', value: Buffer.from('x') } }]];
    const eager = new CursorReader([log], { filtering: filteringOf(filters, 'eager') }).grant(99);
    expect(eager.records.map((record) => record.filters)).toEqual([3n, 2n]);
    expect(eager.records.map(({ offset, key }) => `${key}@${offset}`)).toEqual(['a@0', 'b@1']);
    const lazy = new CursorReader([log], { filtering: filteringOf(filters) }).grant(99);
    expect(lazy.records.map((record) => record.filters)).toEqual([undefined, undefined]);
  });

  it('should wake all that wait for keys when the log begins anew, or has lost something', () => {
    const log = logOf('ab');
    const reader = new CursorReader([log], { filtering: keyed('a') }).grant(99);
    log.append([{ key: 'b', value: null }]);
    log.recreate();
    log.append(keys('ba'));
    expect(reader.got.slice(-2)).toEqual(['recreated 3-3', 'a@1']);
  });
});

describe('cursors of several logs', () => {
  it('should take turns at one balance, and say once that all have caught up', () => {
    const logs = ['ab', 'cd', ''].map((letters, partition) => logOf(letters, { partition, chunk: 1 }));
    const reader = new CursorReader(logs);
    expect(reader.grant(3).got.map((one) => one[0])).toEqual(['a', 'c', 'b']);
    expect(reader.grant(9).got.slice(3)).toEqual(['d@1', 'caught-up']);
  });
});
