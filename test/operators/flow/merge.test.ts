import { EMPTY, from, NEVER, startWith } from 'rxjs';
import { merge } from '../../../operators/flow/merge.ts';
import { begin, data, end, lawful, type RunLane, records, window } from '../../../src/index.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';
import { batch, type Keyed, pinned } from '../../src/memory.ts';
import { Sender } from '../../src/sender.ts';
import { type ItemLane, values } from './values.ts';

const letters = { ...values, B: begin('merged', () => {}) };

const through = ({ scheduler, producing, granting, probe }: Marbles, window: number) => {
  const upstreams = [probe(), probe()] as const;
  const source = (marble: string, which: 0 | 1) =>
    producing<ItemLane>(marble, values).pipe(upstreams[which], lawful(`in ${which}`));
  const merged = merge<ItemLane>({ begin: 'merged', window, scheduler });
  const pipe = (one: string, two: string, credit: string) =>
    from([source(one, 0), source(two, 1)]).pipe(merged, lawful('out'), granting(credit));
  return { pipe, upstreams, source, merged };
};

describe('merge', () => {
  const test = (name: string, body: (m: Marbles) => void) => it(name, marbles(body));

  test('passes records as they come, and ends when both have', (m) => {
    const { pipe } = through(m, 4);
    m.expectFrames(pipe('-a-b----|', '--x---y-----|', '9')).toBe('Baxb--y-----(E|)', letters);
  });

  test('gives each source a window of its own', (m) => {
    const { pipe, upstreams } = through(m, 2);
    m.expectControl(upstreams[0]).toBe('      2');
    m.expectControl(upstreams[1]).toBe('      2');
    m.expectFrames(pipe('-abc', '-xy', '      ')).toBe('B---', letters);
  });

  test('lets sources with something to send take turns', (m) => {
    const { pipe } = through(m, 4);
    m.expectFrames(pipe('-abc-----------|', '-xy|', '--------9')).toBe('B-------(axbyc)(E|)', letters);
  });

  test('aborts at once when a source does, and leaves the other', (m) => {
    const { pipe } = through(m, 4);
    m.expectFrames(pipe('-a-#', '-----x--|', '9')).toBe('Ba-(X|)', letters);
  });

  test('tells that it has caught up when every source has', (m) => {
    const { pipe } = through(m, 4);
    m.expectFrames(pipe('-l-a----|', '----xl--|', '9')).toBe('B--axl--(E|)', letters);
  });

  test('takes a source that ended for caught up', (m) => {
    const { pipe } = through(m, 4);
    m.expectFrames(pipe('-l-a----|', '----x|', '9')).toBe('B--axl--(E|)', letters);
  });

  test('takes sources that come later, and hands RESET to all', (m) => {
    const { source, merged, upstreams } = through(m, 4);
    m.expectControl(upstreams[0]).toBe('4----R');
    m.expectControl(upstreams[1]).toBe('4----R');
    const later = NEVER.pipe(startWith(source('---', 0), source('----', 1)));
    m.expectFrames(later.pipe(merged, m.granting('-----R'))).toBe('B----(X|)', letters);
  });

  test('ends at once without sources', (m) => {
    const { merged } = through(m, 4);
    m.expectFrames(EMPTY.pipe(merged)).toBe('(BE|)', letters);
  });

  test('tells that it has caught up behind the data that waits of others', (m) => {
    const { pipe } = through(m, 4);
    m.expectFrames(pipe('-l-a-------------|', '-xyl-------------|', '----------9')).toBe(
      'B---------(xayl)-(E|)',
      letters,
    );
    m.expectFrames(pipe('-l------------|', '-xy-----------|', '-------1--1  ')).toBe('B------x--y---(lE|)', letters);
  });

  const merged = () => {
    const [one, two] = [new Sender<string>(), new Sender<string>()];
    const seen: string[] = [];
    let grant = (_: number): void => {};
    from([one.frames, two.frames])
      .pipe(merge<RunLane<string>>({ begin: undefined, window: 2 }))
      .subscribe({
        next(frame) {
          if (frame.kind === 'begin') grant = (credit) => frame.control(window(credit));
          seen.push(frame.kind === 'data' ? frame.payload.at(0) : frame.kind);
        },
        error: (error: Error) => seen.push(error.message),
        complete: () => seen.push('complete'),
      });
    return { one, two, seen, grant: (credit: number) => grant(credit) };
  };

  it('takes a source that completes without END for ended, once what waits of it is sent', () => {
    const { one, two, seen, grant } = merged();
    one.next(records(['a']));
    one.complete();
    two.next(end());
    two.complete();
    expect(seen).toEqual(['begin']);
    grant(1);
    expect(seen).toEqual(['begin', 'a', 'end', 'complete']);
  });

  it('hands a defect of a source on, and leaves the others', () => {
    const { one, two, seen } = merged();
    one.error();
    expect([seen, two.observed]).toEqual([['begin', 'a defect'], false]);
  });

  it('returns the credit of what passes at once, half a window at a time', () => {
    const { one, seen, grant } = merged();
    grant(9);
    one.next(records(['a']));
    expect(seen).toEqual(['begin', 'a']);
    expect(one.controls).toEqual([window(2), window(1)]);
  });

  it('holds little of a batch while another source takes the credit', async () => {
    const senders = [0, 1, 2].map(() => new Sender<Keyed>());
    const [first, ...others] = senders as [Sender<Keyed>, ...Sender<Keyed>[]];
    let sent = false;
    from(senders.map(({ frames }) => frames))
      .pipe(merge<RunLane<Keyed>>({ begin: undefined, window: 100 }))
      .subscribe((frame) => {
        if (frame.kind === 'begin') frame.control(window(2));
        if (frame.kind !== 'data' || sent) return;
        sent = true;
        for (const other of others) other.next(data(batch(1_000, 0).slice(0, 10), 10));
      });
    first.next(data(batch(1, 0), 1));
    expect(sent).toBe(true);
    expect(await pinned(4 * 19)).toBeLessThanOrEqual(4 * 19);
  });
});
