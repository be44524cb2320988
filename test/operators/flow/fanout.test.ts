import { type FanoutOptions, fanout } from '../../../operators/flow/fanout.ts';
import { abort, flush, lawful } from '../../../src/index.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';
import { type Item, type ItemLane, keyOf, values } from './values.ts';

const shared = (
  { scheduler, producing, probe }: Marbles,
  records: string,
  overflow: 'abort' | 'drop-oldest' | 'conflate',
  capacity: number,
) => {
  const upstream = probe();
  const operator = fanout({ window: 2, capacity, overflow, key: keyOf, scheduler } as FanoutOptions<Item>);
  const frames = producing<ItemLane>(records, values).pipe(upstream, lawful('in'), operator, lawful('out'));
  return { frames, upstream };
};

describe('fanout', () => {
  const test = (name: string, body: (m: Marbles) => void) => it(name, marbles(body));
  const overflown = abort({ code: 'FANOUT_OVERFLOW', message: '' });

  test('serves every subscriber from one upstream lane', (m) => {
    const { frames, upstream } = shared(m, '-a-b-|', 'abort', 4);
    m.expectControl(upstream).toBe('        21-1');
    m.expectFrames(frames.pipe(m.granting('9'))).toBe('Ba-b-(E|)', values);
    m.expectFrames(frames.pipe(m.granting('9'))).toBe('Ba-b-(E|)', values);
  });

  test('gives one that comes late BEGIN and what follows', (m) => {
    const { frames } = shared(m, '-a-b-|', 'abort', 4);
    m.expectFrames(frames.pipe(m.granting('9'))).toBe('        Ba-b-(E|)', values);
    m.expectFrames(frames.pipe(m.granting('9')), '--^---').toBe('--Bb-(E|)', values);
  });

  test('delays nobody for one without credit', (m) => {
    const { frames } = shared(m, '-a-b-c-d-|', 'drop-oldest', 2);
    m.expectFrames(frames.pipe(m.granting('9'))).toBe('            Ba-b-c-d-(E|)', values);
    m.expectFrames(frames.pipe(m.granting('-------------9'))).toBe('B--------g---(cdE|)', {
      ...values,
      g: flush({ mark: 'gap', partition: 0, from: 0n, to: 2n, reason: 'overflow' }),
    });
  });

  test('aborts one that falls behind, and only that', (m) => {
    const { frames } = shared(m, '-a-b-c-d-|', 'abort', 2);
    m.expectFrames(frames.pipe(m.granting('9'))).toBe('Ba-b-c-d-(E|)', values);
    m.expectFrames(frames.pipe(m.granting(''))).toBe(' B----(X|)', { ...values, X: overflown });
  });

  test('keeps the newest of each key for one that falls behind', (m) => {
    const { frames } = shared(m, '-a-b-A-|', 'conflate', 2);
    m.expectFrames(frames.pipe(m.granting('9'))).toBe('         Ba-b-A-(E|)', values);
    m.expectFrames(frames.pipe(m.granting('---------9'))).toBe('B--------(bAE|)', values);
  });

  test('aborts one for which even the newest of each key are too many', (m) => {
    const { frames } = shared(m, '-a-b-c-|', 'conflate', 2);
    m.expectFrames(frames.pipe(m.granting(''))).toBe('B----(X|)', { ...values, X: overflown });
  });

  test('ends for one that resets, goes on for the others, and leaves with the last', (m) => {
    const { frames, upstream } = shared(m, '-a-b-c-d-|', 'abort', 4);
    m.expectControl(upstream).toBe('               21-1');
    m.expectFrames(frames.pipe(m.granting('9-R'))).toBe('  Ba(X|)', values);
    m.expectFrames(frames.pipe(m.granting('9')), '^----!').toBe('Ba-b', values);
  });

  test('passes ABORT to all at once', (m) => {
    const { frames } = shared(m, '-a-#', 'abort', 4);
    m.expectFrames(frames.pipe(m.granting('9'))).toBe('Ba-(X|)', values);
    m.expectFrames(frames.pipe(m.granting(''))).toBe(' B--(X|)', values);
  });
});
