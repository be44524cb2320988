import { Observable } from 'rxjs';
import { type FanoutOptions, fanout } from '../../../operators/flow/fanout.ts';
import { abort, begin, data, end, type Frame, flush, lawful, type RunLane, window } from '../../../src/index.ts';
import { type Marbles, marbles, Turns } from '../../../src/testing/index.ts';
import { batch, detachedIn, type Keyed } from '../../src/memory.ts';
import { Sender } from '../../src/sender.ts';
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

  it('copies what consumers have to wait for once, for all of them', () => {
    const source = new Sender<Keyed>();
    // On a clock that stands still, one turn goes on to its end however slow the machine is.
    const scheduler = new Turns();
    const shared = source.frames.pipe(fanout({ window: 1_000, capacity: 5_000, overflow: 'abort', scheduler }));
    for (let index = 0; index < 100; index += 1) shared.subscribe();
    const send = () => source.next(data(batch(1_000, 0).slice(0, 10), 10));
    expect(detachedIn(send)).toBe(1);
    expect(detachedIn(send)).toBe(1);
  });

  it('errors the one consumer whose key throws, and serves the others', () => {
    const source = new Sender<Keyed>();
    let calls = 0;
    const key = () => {
      calls += 1;
      if (calls === 2) throw new Error('a bug');
      return 'k';
    };
    const shared = source.frames.pipe(fanout({ window: 1_000, capacity: 9, overflow: 'conflate', key }));
    const seen = [0, 1, 2].map(() => {
      const errors: string[] = [];
      let received = 0;
      let grant = (_: number): void => {};
      shared.subscribe({
        next(frame) {
          if (frame.kind === 'begin') grant = (credit) => frame.control(window(credit));
          if (frame.kind === 'data') received += frame.payload.length;
        },
        error: (error: Error) => errors.push(error.message),
      });
      return { errors, grant: () => grant(9), received: () => received };
    });
    // The first record waits unseen; with the second the key of both is asked for, consumer by consumer.
    for (let offset = 0; offset < 2; offset += 1) source.next(data(batch(1, offset), 1));
    for (const { grant } of seen) grant();
    expect(seen.map(({ errors }) => errors)).toEqual([['a bug'], [], []]);
    expect(seen.map(({ received }) => received())).toEqual([0, 1, 1]);
  });

  it('starts anew for one that comes after the end', () => {
    let subscribed = 0;
    const shared = new Observable<Frame<RunLane<Keyed>>>((out) => {
      subscribed += 1;
      out.next(begin(undefined, () => {}));
      out.next(end());
      out.complete();
    }).pipe(fanout({ window: 1, capacity: 1, overflow: 'abort' }));
    const kinds: string[] = [];
    for (let index = 0; index < 2; index += 1) shared.subscribe({ next: ({ kind }) => kinds.push(kind) });
    expect([subscribed, kinds]).toEqual([2, ['begin', 'end', 'begin', 'end']]);
  });

  it('hands a defect of its source, and a completion without END, to every consumer', () => {
    for (const finish of ['error', 'complete'] as const) {
      const source = new Sender<Keyed>();
      const shared = source.frames.pipe(fanout({ window: 1, capacity: 1, overflow: 'abort' }));
      const seen: unknown[] = [];
      for (let index = 0; index < 2; index += 1)
        shared.subscribe({ error: () => seen.push('error'), complete: () => seen.push('complete') });
      source[finish]();
      expect(seen).toEqual([finish, finish]);
    }
  });

  it('refuses a window or a capacity that is not an integer above 0', () => {
    expect(() => fanout({ window: 0, capacity: 1, overflow: 'abort' })).toThrow('OPTION_INVALID');
    expect(() => fanout({ window: 1, capacity: 0.5, overflow: 'abort' })).toThrow('OPTION_INVALID');
  });

  it('turns a throw of the way upstream into the Rx error of every consumer', () => {
    const source = new Observable<Frame<RunLane<Keyed>>>((out) =>
      out.next(
        begin(undefined, () => {
          throw new Error('a bug');
        }),
      ),
    );
    const shared = source.pipe(fanout({ window: 1, capacity: 1, overflow: 'abort' }));
    const seen: string[] = [];
    shared.subscribe({ error: (error: Error) => seen.push(error.message) });
    expect(seen).toEqual(['a bug']);
  });
});
