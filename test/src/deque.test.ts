import fc from 'fast-check';
import { Deque } from '../../src/deque.ts';

describe('a deque', () => {
  it('is a list, whatever is pushed and shifted', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer() }),
      fc.constant('shift' as const),
      fc.record({ burst: fc.integer({ max: 200 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const deque = new Deque<number>();
        const list: number[] = [];
        for (const one of steps) {
          if (one === 'shift') expect(deque.shift()).toBe(list.shift());
          else if ('push' in one) {
            deque.push(one.push);
            list.push(one.push);
          } else {
            for (let index = 0; index < one.burst; index += 1) deque.push(index);
            list.push(...Array.from({ length: Math.max(0, one.burst) }, (_, index) => index));
          }
          expect([deque.length, deque.first, deque.last]).toEqual([list.length, list[0], list.at(-1)]);
        }
      }),
    );
  });

  it('replaces its ends', () => {
    const deque = new Deque<string>();
    for (const item of ['a', 'b', 'c']) deque.push(item);
    deque.first = 'A';
    deque.last = 'C';
    expect([deque.shift(), deque.shift(), deque.shift(), deque.shift()]).toEqual(['A', 'b', 'C', undefined]);
  });
});
