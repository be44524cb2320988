import { type Data, type Frame, flush, type Run, records } from '../../../src/index.ts';
import type { LawLane } from '../../../src/testing/index.ts';

/** A record of the marble tests; `cost` is 1. */
export interface Item {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string | null;
}

/** The lane of the marble tests. */
export interface ItemLane extends LawLane {
  readonly data: Run<Item & { cost: number }>;
}

/** A run of one record. */
export const one = (key: string | null, offset: number, partition = 0): Data<ItemLane['data']> =>
  records([{ key, offset: BigInt(offset), partition, cost: 1 }]);

/** A run of several of them. */
export const run = (...parts: Data<ItemLane['data']>[]): Data<ItemLane['data']> =>
  records(parts.flatMap(({ payload }) => Array.from({ length: payload.length }, (_, index) => payload.at(index))));

export const keyOf = ({ key }: Item): string | null => key;

/** Letters for the marbles: `a b c d` have keys of their own, `A` has a's; `g p w` are marks, `1 2` answers. */
export const values = {
  a: one('a', 0),
  b: one('b', 1),
  c: one('c', 2),
  d: one('d', 3),
  A: one('a', 4),
  n: one(null, 5),
  N: one(null, 6),
  x: one('a', 0, 1),
  y: one('b', 1, 1),
  r: run(one('a', 0), one('b', 1), one('c', 2)),
  l: flush({ mark: 'caught-up' }),
  p: flush({ mark: 'progress', to: 1 }),
  P: flush({ mark: 'progress', to: 2 }),
  f: flush({ mark: 'filters' }),
  k: flush({ answer: 'done', record: 1 }),
  K: flush({ answer: 'done', record: 2 }),
} satisfies Record<string, Frame<ItemLane>>;
