import { Holds } from '../../../src/cache/holds.ts';

/** Whether a record at each of these offsets is needed whose key's newest is at `newest`. */
const needed = (holds: Holds, offsets: readonly number[], newest: number, isPartial = false): boolean[] =>
  offsets.map((offset) => holds.isNeeded(offset, newest, isPartial));

describe('the snapshots of a log', () => {
  it('should need of a key what was its newest where they end, and nothing else', () => {
    const holds = new Holds();
    expect(holds.isEmpty).toBe(true);
    holds.hold(2n, 2n);
    holds.superseded(1, 5);
    holds.hold(6n, 6n);
    holds.superseded(5, 8);
    holds.superseded(8, 9);
    expect([needed(holds, [0, 1, 5, 8], 9), holds.isEmpty]).toEqual([[false, true, true, false], false]);
  });

  it('should need nothing any more once they are released', () => {
    const holds = new Holds();
    const [first, second] = [holds.hold(2n, 2n), holds.hold(2n, 2n)];
    holds.superseded(1, 5);
    first();
    first();
    expect(needed(holds, [1], 5)).toEqual([true]);
    second();
    expect([needed(holds, [1], 5), holds.isEmpty]).toEqual([[false], true]);
  });

  it('should need all that they may see where it is not known what came next', () => {
    const holds = new Holds();
    holds.hold(3n, 4n);
    expect(needed(holds, [0, 1, 2, 3], 4)).toEqual([true, true, true, false]);
    expect(needed(holds, [0, 1], 2)).toEqual([false, false]);
    const whole = new Holds();
    whole.hold(3n, 3n);
    expect([needed(whole, [0], 4), needed(whole, [0], 4, true)]).toEqual([[false], [true]]);
  });

  it('should need all that they may see where more is superseded than is remembered, but for those taken later', () => {
    const holds = new Holds(1);
    const release = holds.hold(4n, 4n);
    holds.superseded(1, 4);
    holds.superseded(2, 5);
    holds.hold(6n, 6n);
    holds.superseded(5, 6);
    expect(needed(holds, [0, 2, 3, 4, 5], 6)).toEqual([true, true, true, false, true]);
    release();
    expect(needed(holds, [0, 2, 4, 5], 6)).toEqual([false, false, false, true]);
  });

  it('should know what came next of all that they see, as long as they are held and that is known', () => {
    const holds = new Holds(1);
    expect(holds.successors(2)).toBeUndefined();
    holds.hold(2n, 3n);
    expect(holds.successors(2)).toBeUndefined();
    const release = holds.hold(3n, 3n);
    holds.superseded(1, 5);
    expect([...(holds.successors(3) ?? [])]).toEqual([[1, 5]]);
    release();
    expect(holds.successors(3)).toBeUndefined();
    holds.hold(6n, 6n);
    holds.superseded(5, 6);
    holds.superseded(2, 7);
    expect(holds.successors(6)).toBeUndefined();
  });
});
