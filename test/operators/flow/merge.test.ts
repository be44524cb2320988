import { EMPTY, from, NEVER, startWith } from 'rxjs';
import { merge } from '../../../operators/flow/merge.ts';
import { begin, lawful } from '../../../src/index.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';
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
});
