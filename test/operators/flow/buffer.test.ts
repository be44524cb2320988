import { EMPTY } from 'rxjs';
import { buffer } from '../../../operators/flow/buffer.ts';
import { flush, lawful } from '../../../src/index.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';
import { type ItemLane, run, values } from './values.ts';

type Overflow = 'backpressure' | 'drop-oldest' | 'drop-newest';

const through = ({ scheduler, producing, granting, probe }: Marbles, overflow: Overflow, window: number) => {
  const operator = buffer({ window, overflow, scheduler } as Parameters<typeof buffer>[0]);
  const upstream = probe();
  const pipe = (records: string, credit: string) =>
    producing<ItemLane>(records, values).pipe(upstream, lawful('in'), operator, lawful('out'), granting(credit));
  return { pipe, upstream };
};

const gap = (from: bigint, to: bigint) => flush({ mark: 'gap' as const, partition: 0, from, to, reason: 'overflow' });

describe('buffer', () => {
  const test = (name: string, body: (m: Marbles) => void) => it(name, marbles(body));

  test('begins and ends with its source', (m) => {
    const { pipe } = through(m, 'backpressure', 2);
    m.expectFrames(pipe('|', '')).toBe('(BE|)');
  });

  test('stays open as long as its source', (m) => {
    const { pipe } = through(m, 'backpressure', 2);
    m.expectFrames(pipe('---', '9')).toBe('B--');
  });

  test('passes everything to a consumer that keeps up', (m) => {
    const { pipe } = through(m, 'backpressure', 2);
    m.expectFrames(pipe('-a-b-c-d-|', '9')).toBe('Ba-b-c-d-(E|)', values);
  });

  test('holds what its window allows, then backpressures', (m) => {
    const { pipe, upstream } = through(m, 'backpressure', 2);
    m.expectControl(upstream).toBe('               21-------2');
    m.expectFrames(pipe('-a-b-c-d----|   ', '1--------2---1')).toBe('Ba-------(bc)(dE|)', values);
  });

  test('cuts a run where the credit ends', (m) => {
    const { pipe } = through(m, 'backpressure', 8);
    m.expectFrames(pipe('-r-----|', '2---1')).toBe('Bs--c--(E|)', { ...values, s: run(values.a, values.b) });
  });

  test('keeps marks in their place and lets an answer pass', (m) => {
    const { pipe } = through(m, 'backpressure', 8);
    m.expectFrames(pipe('-a-l-b-k-|', '-------------2')).toBe('B------k-----(albE|)', values);
  });

  test('replaces a progress mark by one directly behind it, and no other', (m) => {
    const { pipe } = through(m, 'backpressure', 8);
    m.expectFrames(pipe('-apPfb-|', '         -------------2')).toBe('B------------(aPfbE|)', values);
    m.expectFrames(pipe('-apbP-|', '          -------------2')).toBe('B------------(apbPE|)', values);
  });

  test('answers a grant inside a grant', (m) => {
    const { pipe } = through(m, 'backpressure', 1);
    m.expectFrames(pipe('-(abc)-|', '        -1-1-1')).toBe('Ba-b-c-(E|)', values);
  });

  test('drops what waits on ABORT, and passes it at once', (m) => {
    const { pipe } = through(m, 'backpressure', 8);
    m.expectFrames(pipe('-a-b-#', '           ---1')).toBe('B--a-(X|)', values);
  });

  test('answers RESET with ABORT and hands it on', (m) => {
    const { pipe, upstream } = through(m, 'backpressure', 8);
    m.expectControl(upstream).toBe('              8----R');
    m.expectFrames(pipe('-a-b-----|', '       -----R')).toBe('B----(X|)', values);
  });

  test('stops its source when its consumer leaves', (m) => {
    const { pipe } = through(m, 'backpressure', 8);
    m.expectFrames(pipe('-a-b-c-|', '9'), '^---!').toBe('Ba-b', values);
  });

  test('drops the oldest and tells the gap, once there is credit', (m) => {
    const { pipe, upstream } = through(m, 'drop-oldest', 2);
    m.expectControl(upstream).toBe('              21111');
    m.expectFrames(pipe('-abcd---------|', '  --------9')).toBe('B-------(gcd)-(E|)', { ...values, g: gap(0n, 2n) });
  });

  test('drops the newest and tells the gap at its place', (m) => {
    const { pipe } = through(m, 'drop-newest', 2);
    m.expectFrames(pipe('-abcd---------|', '  --------9')).toBe('B-------(abg)-(E|)', { ...values, g: gap(2n, 4n) });
  });

  test('holds a record that costs more than its window', (m) => {
    const { pipe } = through(m, 'drop-oldest', 1);
    m.expectFrames(pipe('-a---|', '           ---9')).toBe('B--a-(E|)', values);
  });

  test('refuses a window that is not an integer above 0', () => {
    expect(() => buffer({ window: 0, overflow: 'backpressure' })).toThrow('OPTION_INVALID');
  });

  it('completes without END when its source does, which a law forbids that source', () => {
    const seen: string[] = [];
    EMPTY.pipe(buffer({ window: 1, overflow: 'backpressure' })).subscribe({ complete: () => seen.push('complete') });
    expect(seen).toEqual(['complete']);
  });
});
