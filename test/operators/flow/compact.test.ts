import { compact } from '../../../operators/flow/compact.ts';
import { type Log, lawful } from '../../../src/index.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';
import { type Item, type ItemLane, run, values } from './values.ts';

const keyOf = ({ key }: Item): Uint8Array | null => (key === null ? null : Buffer.from(key));

type Known = Pick<Log<Item>, 'index' | 'cleaned'>;

/** A log that has the newest offset of each of these keys, and was cleaned up to an offset. */
const knowing = (newest: Readonly<Record<string, bigint>>, cleaned = 0n): Known => ({
  cleaned,
  index: { version: 0, isPartial: false, newest: (key) => newest[Buffer.from(key).toString()] },
});

const through = ({ producing, granting, probe }: Marbles, log: Known, below?: bigint) => {
  const upstream = probe();
  const compacting = () => compact<Item>({ log, key: keyOf, ...(below !== undefined && { below }) });
  const pipe = (records: string, credit: string) =>
    producing<ItemLane>(records, values).pipe(upstream, lawful('in'), compacting(), lawful('out'), granting(credit));
  return { pipe, upstream, compacting };
};

describe('compact', () => {
  const test = (name: string, body: (m: Marbles) => void) => it(name, marbles(body));
  const hasA = knowing({ a: 4n, b: 1n, c: 2n });

  test('drops what its index knows a newer one of, and returns what that cost', (m) => {
    const { pipe, upstream } = through(m, hasA);
    m.expectControl(upstream).toBe(' 31');
    m.expectFrames(pipe('-a-b-A-l-|', '3')).toBe('B--b-A-l-(E|)', values);
  });

  test('selects within a run', (m) => {
    const { pipe, upstream } = through(m, hasA);
    m.expectControl(upstream).toBe('9-1');
    m.expectFrames(pipe('--r--A-|', '9')).toBe('B-s--A-(E|)', { ...values, s: run(values.b, values.c) });
  });

  test('lets a caught-up mark wait for what took the place of a record before it', (m) => {
    const { pipe } = through(m, hasA);
    m.expectFrames(pipe('-a-l-b-A---|', '9')).toBe('B----b-(Al)(E|)', values);
  });

  test('lets a caught-up mark wait for what the cleaner took instead of that', (m) => {
    const { pipe } = through(m, knowing({ a: 1n }, 5n));
    m.expectFrames(pipe('-a-l-b-A---|', '9')).toBe('B----b-(Al)(E|)', values);
  });

  test('lets a caught-up mark wait no longer than the lane', (m) => {
    const { pipe } = through(m, hasA);
    m.expectFrames(pipe('-a-l-b-|', '9')).toBe('B----b-(lE|)', values);
  });

  test('leaves alone what is superseded only behind a snapshot', (m) => {
    const { pipe } = through(m, hasA, 4n);
    m.expectFrames(pipe('-a-b-l-|', '9')).toBe('Ba-b-l-(E|)', values);
  });

  test('leaves alone all of a log that is not compacted', (m) => {
    const { pipe } = through(m, { cleaned: 0n, index: undefined });
    m.expectFrames(pipe('-a-b-l-|', '9')).toBe('Ba-b-l-(E|)', values);
  });

  test('leaves alone what has no key, or is not in the index', (m) => {
    const { pipe } = through(m, knowing({}));
    m.expectFrames(pipe('-n-a-N-|', '9')).toBe('Bn-a-N-(E|)', values);
  });

  test('changes nothing when it is done twice', (m) => {
    const { compacting } = through(m, hasA);
    const twice = m.producing<ItemLane>('-a-l-b-A---|', values).pipe(compacting(), lawful('once'), compacting());
    m.expectFrames(twice.pipe(lawful('twice'), m.granting('9'))).toBe('B----b-(Al)(E|)', values);
  });

  test('passes answers and ABORT', (m) => {
    const { pipe } = through(m, hasA);
    m.expectFrames(pipe('-a-l-k-#', '9')).toBe('B----k-(X|)', values);
  });
});
