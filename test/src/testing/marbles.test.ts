import { data, type Frame } from '../../../src/frame.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';

const values: Record<string, Frame> = { a: data('a', 1) };

describe('marbles', () => {
  it(
    'should let a letter stand for its value, or for a frame that needs none',
    marbles(({ producing, granting, expectFrames }) => {
      expectFrames(producing('-a-|', values).pipe(granting('9'))).toBe('Ba-(E|)', values);
    }),
  );

  it.each<[string, string, (context: Marbles) => void]>([
    ['q', '-q-|; there is a', ({ producing }) => void producing('-q-|', values)],
    ['x', '9x; there is 1, 2, ', ({ granting }) => void granting('9x')],
    [
      'q',
      'Bq|; there is B, E, X, a',
      ({ producing, expectFrames }) => expectFrames(producing('-a-|', values)).toBe('Bq|', values),
    ],
    ['z', '-z; there is 1, 2, ', ({ probe, expectControl }) => expectControl(probe()).toBe('  -z')],
  ])('should refuse %s, which stands for nothing in %s', (letter, rest, body) => {
    expect(marbles(body)).toThrow(`OPTION_INVALID: ${letter} stands for nothing in ${rest}`);
  });
});
