import type * as FastCheck from 'fast-check';
import type { Play } from './play.ts';
import type { LawMark, Step } from './sender.ts';

/** What the suite uses of fast-check. */
export type Generator = Pick<
  typeof FastCheck,
  'array' | 'assert' | 'boolean' | 'constant' | 'constantFrom' | 'integer' | 'oneof' | 'property' | 'record'
>;

type Steps = FastCheck.Arbitrary<Step[]>;

const MARKS = ['progress', 'progress', 'watermark', 'caught-up', 'gap', 'filters'] as const;

/** Marks that must not take each other's place, or let records do so, if they stand close together. */
const PAIRS: readonly (readonly [LawMark['mark'], LawMark['mark']])[] = [
  ['progress', 'progress'],
  ['progress', 'watermark'],
  ['progress', 'filters'],
  ['caught-up', 'caught-up'],
  ['gap', 'gap'],
];

/** Random plays: a third of them of everything, the others of marks close together among records that wait. */
export function plays(fc: Generator, endings: readonly Play['ending'][]): FastCheck.Arbitrary<Play> {
  return fc.record({
    early: fc.constantFrom(0, 0, 1, 2, 3),
    echo: fc.record({ credit: fc.constantFrom('one', 'cost'), times: fc.constantFrom(0, 0, 3, 1_000) }),
    echoMarks: fc.boolean(),
    steps: fc.oneof(
      { weight: PAIRS.length, arbitrary: mixed(fc) },
      ...PAIRS.map((marks) => ({ weight: 2, arbitrary: close(fc, marks) })),
    ),
    ending: fc.constantFrom(...endings),
    inside: fc.integer({ min: 0, max: 12 }),
    hasty: fc.boolean(),
  });
}

function mixed(fc: Generator): Steps {
  const partition = fc.integer({ min: 0, max: 1 });
  const mark = fc.constantFrom(...MARKS);
  const record = fc.record({
    key: fc.constantFrom('k', 'l', 'm', null),
    cost: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 5 })),
  });
  const step: FastCheck.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ produce: fc.array(record, { minLength: 1, maxLength: 6 }), partition }),
    },
    { weight: 1, arbitrary: fc.record({ mark }) },
    { weight: 1, arbitrary: fc.record({ mark, partition }) },
    { weight: 1, arbitrary: fc.record({ answer: fc.constantFrom('now', 'on grant') }) },
    { weight: 4, arbitrary: fc.record({ grant: fc.integer({ min: 1, max: 6 }) }) },
  );
  return fc.array(step, { maxLength: 40, size: 'max' });
}

function close(fc: Generator, marks: readonly [LawMark['mark'], LawMark['mark']]): Steps {
  const [first, second] = [fc.constant(0), fc.constant(1)];
  const mark = fc.constantFrom(...marks);
  const step: FastCheck.Arbitrary<Step> = fc.oneof(
    { weight: 3, arbitrary: fc.record({ produce: fc.constant([{ key: 'k', cost: 1 }]), partition: first }) },
    { weight: 6, arbitrary: fc.record({ mark, partition: first }) },
    { weight: 2, arbitrary: fc.record({ mark, partition: second }) },
    { weight: 1, arbitrary: fc.record({ grant: fc.integer({ min: 1, max: 2 }) }) },
  );
  return fc.array(step, { maxLength: 30, size: 'max' });
}
