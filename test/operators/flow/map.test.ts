import { of } from 'rxjs';
import { map } from '../../../operators/flow/map.ts';
import { lawful, records } from '../../../src/index.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';
import { type Item, type ItemLane, values } from './values.ts';

const through = ({ producing, granting, probe }: Marbles) => {
  const upstream = probe();
  const pipe = (marble: string, credit: string) =>
    producing<ItemLane>(marble, values).pipe(
      upstream,
      lawful('in'),
      map(({ key }: Item) => key?.toUpperCase()),
      lawful('out'),
      granting(credit),
    );
  return { pipe, upstream };
};

const upper = { ...values, A: records(['A']), B: values.a, r: records(['A', 'B', 'C']) };

describe('map', () => {
  const test = (name: string, body: (m: Marbles) => void) => it(name, marbles(body));

  test('projects every record of a run, at what it cost', (m) => {
    const { pipe, upstream } = through(m);
    const { B: _, ...expected } = upper;
    m.expectControl(upstream).toBe('9');
    m.expectFrames(pipe('-a-r-|', ' 9')).toBe('BA-r-(E|)', expected as never);
  });

  test('passes marks, answers and ABORT as they are', (m) => {
    const { pipe } = through(m);
    m.expectFrames(pipe('-l-k-#', '9')).toBe('Bl-k-(X|)', values as never);
  });

  it('keeps what each record costs', () => {
    const costs: number[] = [];
    const frame = records(['a', 'bb', 'ccc'], (text) => text.length);
    of(frame)
      .pipe(map((text: string) => text.length))
      .subscribe(({ payload, reserved }) => {
        for (let index = 0; index < payload.length; index += 1) costs.push(payload.at(index), payload.cost(index));
        costs.push(reserved);
      });
    expect(costs).toEqual([1, 1, 2, 2, 3, 3, 6]);
  });
});
