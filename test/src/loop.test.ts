import { Loop } from '../../src/loop.ts';
import { Turns } from '../../src/testing/index.ts';

const looping = (step: () => boolean, scheduler = new Turns()) => {
  const failed: unknown[] = [];
  return { loop: new Loop(step, (thrown) => failed.push(thrown), scheduler), failed };
};

describe('a loop', () => {
  it('does what passes at once, and what wakes it meanwhile after', () => {
    const done: string[] = [];
    const { loop } = looping(() => {
      done.push('step');
      return false;
    });
    const pass = (): boolean =>
      loop.pass(() => {
        loop.wake();
        done.push('passed');
      }, undefined);
    expect([pass(), done]).toEqual([true, ['passed', 'step']]);
  });

  it('runs no step for what passes and wakes nothing', () => {
    let steps = 0;
    const { loop } = looping(() => {
      steps += 1;
      return false;
    });
    loop.wake();
    expect([loop.pass(() => {}, undefined), steps]).toEqual([true, 1]);
  });

  it('lets nothing pass inside a step, inside a pass, or while it pauses', () => {
    const inside: boolean[] = [];
    const turns = new Turns();
    let left = 20;
    const { loop } = looping(() => {
      if (left === 20) inside.push(loop.pass(() => {}, undefined));
      turns.time += 1;
      left -= 1;
      return left > 0;
    }, turns);
    loop.pass(() => inside.push(loop.pass(() => {}, undefined)), undefined);
    loop.wake();
    expect([left > 0, loop.pass(() => {}, undefined), inside]).toEqual([true, false, [false, false]]);
    while (turns.turn());
    expect([left, loop.pass(() => {}, undefined)]).toEqual([0, true]);
  });

  it('pauses soon when its steps become long, however short they were', () => {
    const turns = new Turns();
    let steps = 0;
    let since = 0;
    let longest = 0;
    const { loop } = looping(() => {
      steps += 1;
      if (steps > 1_000) turns.time += 3;
      longest = Math.max(longest, turns.time - since);
      return steps < 1_100;
    }, turns);
    loop.wake();
    do since = turns.time;
    while (turns.turn());
    expect(steps).toBe(1_100);
    expect(longest).toBeLessThanOrEqual(9 * 3);
  });

  it('ends on a throw of what passes', () => {
    const bug = new Error('a bug');
    const { loop, failed } = looping(() => false);
    const pass = (): boolean =>
      loop.pass(() => {
        throw bug;
      }, undefined);
    expect([pass(), pass(), failed]).toEqual([true, false, [bug]]);
  });
});
