import { filter } from '../../../operators/flow/filter.ts';
import { lawful } from '../../../src/index.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';
import { type Item, type ItemLane, run, values } from './values.ts';

const through = ({ producing, granting, probe }: Marbles) => {
  const upstream = probe();
  const pipe = (records: string, credit: string) =>
    producing<ItemLane>(records, values).pipe(
      upstream,
      lawful('in'),
      filter(({ key }: Item) => key === 'a' || key === 'd'),
      lawful('out'),
      granting(credit),
    );
  return { pipe, upstream };
};

describe('filter', () => {
  const test = (name: string, body: (m: Marbles) => void) => it(name, marbles(body));

  test('passes what the predicate accepts and returns the credit of the rest', (m) => {
    const { pipe, upstream } = through(m);
    m.expectControl(upstream).toBe(' 2--1-1');
    m.expectFrames(pipe('-a-b-c-d-|', '2')).toBe('Ba-----d-(E|)', values);
  });

  test('selects within a run', (m) => {
    const { pipe, upstream } = through(m);
    m.expectControl(upstream).toBe('9-2');
    m.expectFrames(pipe('--r--|', ' 9')).toBe('B-s--(E|)', { ...values, s: run(values.a) });
  });

  test('passes marks and answers as they are', (m) => {
    const { pipe } = through(m);
    m.expectFrames(pipe('-lbpk-|', '9')).toBe('Bl-pk-(E|)', values);
  });

  test('sends nothing without credit', (m) => {
    const { pipe } = through(m);
    m.expectFrames(pipe('-a-d-----|', '---1')).toBe('B--a-----', values);
  });

  test('passes ABORT', (m) => {
    const { pipe } = through(m);
    m.expectFrames(pipe('-a-#', '9')).toBe('Ba-(X|)', values);
  });
});
