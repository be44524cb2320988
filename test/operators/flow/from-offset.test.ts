import { type FromOffsetOptions, fromOffset } from '../../../operators/flow/from-offset.ts';
import { abort, begin, flush, lawful, records } from '../../../src/index.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';
import { MemoryLog } from '../../src/log/memory-log.ts';

/** What a record of these tests is: its key is its value. */
const record = (key: string, offset: number) => ({
  partition: 0,
  offset: BigInt(offset),
  timestamp: 0n,
  key: Buffer.from(key),
  value: Buffer.from(key),
  headers: [],
  aborted: false,
});
const run = (letters: string, offset: number) => records([...letters].map((key, at) => record(key, offset + at)));
const opened = (offset: number, end: number) =>
  begin({ partition: 0, offset: BigInt(offset), lastStableOffset: BigInt(end), highWatermark: BigInt(end) }, () => {});
const gap = (from: number, to: number) =>
  flush({ mark: 'gap' as const, partition: 0, from: BigInt(from), to: BigInt(to), reason: 'retention' });
const l = flush({ mark: 'caught-up' as const });

/** A log with records before the first frame, to which each letter of a marble is appended at its frame; `R` empties it. */
const through = (
  { scheduler, granting }: Marbles,
  before: string,
  log: string,
  options?: Partial<FromOffsetOptions>,
) => {
  const memory = new MemoryLog({ scheduler, compacted: false });
  memory.append([...before].map((key) => ({ key })));
  for (const [frame, key] of [...log].entries()) {
    if (key === 'R') scheduler.schedule(() => memory.retain(memory.end), frame);
    else if (key !== '-') scheduler.schedule(() => memory.append([{ key }]), frame);
  }
  const lane = fromOffset(memory, { from: 'earliest', scheduler, ...options });
  return (credit: string) => lane.pipe(lawful('out'), granting(credit));
};

describe('fromOffset', () => {
  const test = (name: string, body: (m: Marbles) => void) => it(name, marbles(body));
  const a = run('a', 0);
  const b = run('b', 1);
  const c = run('c', 2);

  test('goes over from history into what comes, and tells once that it has caught up', (m) => {
    const pipe = through(m, 'ab', '----------c-');
    m.expectFrames(pipe('1----9-----')).toBe('(Ba)-(bl)-c', { B: opened(0, 2), a, b, c, l });
  });

  test('sends as much as its consumer pays for', (m) => {
    const pipe = through(m, 'abc', '');
    m.expectFrames(pipe('-2---')).toBe('Br---', { B: opened(0, 3), r: run('ab', 0) });
  });

  test('begins at the end, an offset or a time', (m) => {
    const B = opened(2, 2);
    m.expectFrames(through(m, 'ab', '-----c-', { from: 'latest' })('9')).toBe('(Bl)-c', { B, c, l });
    m.expectFrames(through(m, 'ab', '', { from: { offset: 1n } })('9')).toBe('(Bbl)', { B: opened(1, 2), b, l });
    m.expectFrames(through(m, 'ab', '', { from: { timestamp: 9n } })('9')).toBe('(Bl)', { B, l });
  });

  test('ends at the end that there is, or before an offset', (m) => {
    const B = opened(0, 2);
    m.expectFrames(through(m, 'ab', '-----c', { until: 'latest' })('--9')).toBe('B-(rlE|)', { B, r: run('ab', 0), l });
    m.expectFrames(through(m, 'ab', '', { until: { offset: 1n } })('--9')).toBe('B-(alE|)', { B, a, l });
    m.expectFrames(through(m, 'ab', '-----c', { until: { offset: 3n } })('9')).toBe('(Br)-(clE|)', {
      B,
      r: run('ab', 0),
      c,
      l,
    });
  });

  test('tells of what it missed', (m) => {
    const pipe = through(m, 'ab', '-----R--');
    m.expectFrames(pipe('1-------9')).toBe('(Ba)----(gl)', { B: opened(0, 2), a, g: gap(1, 2), l });
  });

  test('aborts a snapshot that loses something, or that nobody takes', (m) => {
    const B = opened(0, 2);
    const lost = through(m, 'ab', '-----R--', { until: 'latest' });
    m.expectFrames(lost('1-------9')).toBe('(Ba)----(X|)', { B, a, X: abort({ code: 'SNAPSHOT_LOST', message: '' }) });
    const slow = through(m, 'ab', '', { until: 'latest', snapshotTimeout: 5 });
    m.expectFrames(slow('')).toBe('B----(X|)', { B, X: abort({ code: 'SNAPSHOT_EXPIRED', message: '' }) });
  });

  test('answers RESET with ABORT', (m) => {
    m.expectFrames(through(m, 'ab', '')('--R')).toBe('B-(X|)', { B: opened(0, 2) });
  });

  it('refuses a time that cannot be', () => {
    expect(() => fromOffset(new MemoryLog(), { from: 'earliest', snapshotTimeout: 0 })).toThrow('OPTION_INVALID');
  });
});
