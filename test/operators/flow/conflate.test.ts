import { conflate } from '../../../operators/flow/conflate.ts';
import { ConflatingQueue } from '../../../src/flow/conflating-queue.ts';
import { lawful } from '../../../src/index.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';
import { type ItemLane, keyOf, run, values } from './values.ts';

const through = ({ scheduler, producing, granting, probe }: Marbles, window: number) => {
  const upstream = probe();
  const pipe = (records: string, credit: string) =>
    producing<ItemLane>(records, values).pipe(
      upstream,
      lawful('in'),
      conflate({ key: keyOf, window, scheduler }),
      lawful('out'),
      granting(credit),
    );
  return { pipe, upstream };
};

describe('conflate', () => {
  const test = (name: string, body: (m: Marbles) => void) => it(name, marbles(body));

  test('passes every record to a consumer that keeps up', (m) => {
    const { pipe } = through(m, 8);
    m.expectFrames(pipe('-a-b-A-|', '9')).toBe('Ba-b-A-(E|)', values);
  });

  test('skips what a newer record of the same key has replaced', (m) => {
    const { pipe } = through(m, 8);
    m.expectFrames(pipe('-a-b-A------|', '  --------9')).toBe('B-------(bA)(E|)', values);
  });

  test('returns the credit of what it skips', (m) => {
    const { pipe, upstream } = through(m, 3);
    m.expectControl(upstream).toBe('         3----1--2');
    m.expectFrames(pipe('-a-b-A------|', '  --------9')).toBe('B-------(bA)(E|)', values);
  });

  test('backpressures when different keys fill its window', (m) => {
    const { pipe, upstream } = through(m, 2);
    m.expectControl(upstream).toBe('         2-------1--2');
    m.expectFrames(pipe('-abc-----------|', '--------1--2')).toBe('B-------a--(bc)(E|)', values);
  });

  test('takes records of two partitions for different, whatever their keys', (m) => {
    const { pipe } = through(m, 8);
    m.expectFrames(pipe('-axb---------|', ' --------9')).toBe('B-------(axb)(E|)', values);
  });

  test('leaves records without a key alone', (m) => {
    const { pipe } = through(m, 8);
    m.expectFrames(pipe('-nN----------|', ' --------9')).toBe('B-------(nN)-(E|)', values);
  });

  test('never conflates across a caught-up mark', (m) => {
    const { pipe } = through(m, 8);
    m.expectFrames(pipe('-alA---------|', ' --------9')).toBe('B-------(alA)(E|)', values);
  });

  test('conflates across a progress mark', (m) => {
    const { pipe } = through(m, 8);
    m.expectFrames(pipe('-bapA--------|', ' --------9')).toBe('B-------(bpA)(E|)', values);
  });

  test('conflates inside a run, and sends what is left of it as a run', (m) => {
    const { pipe } = through(m, 8);
    m.expectFrames(pipe('-rA----------|', ' --------9')).toBe('B-------(sA)-(E|)', {
      ...values,
      s: run(values.b, values.c),
    });
  });

  test('lets an answer pass', (m) => {
    const { pipe } = through(m, 8);
    m.expectFrames(pipe('-a-k---------|', ' --------9')).toBe('B--k----a----(E|)', values);
  });

  test('delivers what waits before END', (m) => {
    const { pipe } = through(m, 8);
    m.expectFrames(pipe('-abA|', '         --------9')).toBe('B-------(bAE|)', values);
  });

  test('drops what waits on ABORT', (m) => {
    const { pipe } = through(m, 8);
    m.expectFrames(pipe('-ab-#', '         --------9')).toBe('B---(X|)', values);
  });

  it('holds no memory for a key that is replaced again and again', () => {
    const queue = new ConflatingQueue(keyOf, () => {});
    for (let index = 0; index < 10_000; index += 1) {
      queue.offer(index % 2 === 0 ? values.b : index === 1 ? values.a : values.A);
      queue.mark(values.p as never);
    }
    let left = 0;
    while (queue.poll(1) !== undefined) left += 1;
    expect(left).toBeLessThan(100);
  });
});
