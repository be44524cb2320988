import { lastValueFrom, observeOn, range, timer, toArray } from 'rxjs';
import { Loop } from '../../src/loop.ts';
import { eventLoop, Slice } from '../../src/scheduler.ts';
import { Turns } from '../../src/testing/index.ts';

describe('the event loop as a scheduler', () => {
  it('runs work on a later turn, in order', async () => {
    const seen: string[] = [];
    await new Promise<void>((resolve) => {
      eventLoop.schedule(() => seen.push('first'));
      eventLoop.schedule(() => {
        seen.push('second');
        resolve();
      });
      seen.push('now');
    });
    expect(seen).toEqual(['now', 'first', 'second']);
  });

  it('serves stock operators', async () => {
    expect(await lastValueFrom(range(3).pipe(observeOn(eventLoop), toArray()))).toEqual([0, 1, 2]);
    expect(await lastValueFrom(timer(1, eventLoop))).toBe(0);
  });

  it('runs nothing that was unsubscribed', async () => {
    let ran = false;
    eventLoop.schedule(() => (ran = true)).unsubscribe();
    eventLoop.schedule(() => (ran = true), 1).unsubscribe();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(ran).toBe(false);
  });

  it('lets work schedule itself again', async () => {
    let left = 3;
    await new Promise<void>((resolve) => {
      eventLoop.schedule(function () {
        left -= 1;
        if (left === 0) resolve();
        else this.schedule();
      });
    });
    expect(left).toBe(0);
  });
});

describe('a slice', () => {
  const stepsOf = (milliseconds: number): number => {
    const turns = new Turns();
    const slice = new Slice(turns);
    slice.start();
    let steps = 0;
    do {
      turns.time += milliseconds;
      steps += 1;
    } while (!slice.over());
    return steps;
  };

  it('is over after about 5 ms, however long the steps', () => {
    expect(stepsOf(20)).toBeLessThanOrEqual(3);
    expect(stepsOf(1)).toBeLessThanOrEqual(10);
    expect(stepsOf(0.1) * 0.1).toBeLessThanOrEqual(15);
  });

  it('does not hang on a clock that is set back', () => {
    const turns = new Turns();
    turns.time = 3_600_000;
    const slice = new Slice(turns);
    slice.start();
    for (let step = 0; step < 3; step += 1) slice.over();
    turns.time = 0;
    let steps = 0;
    do {
      turns.time += 1;
      steps += 1;
    } while (!slice.over());
    expect(steps).toBeLessThan(100);
  });
});

describe('the loop', () => {
  it('folds a call from inside a step into itself', () => {
    let depth = 0;
    let deepest = 0;
    let left = 10;
    const loop: Loop = new Loop(
      () => {
        depth += 1;
        deepest = Math.max(deepest, depth);
        loop.wake();
        depth -= 1;
        left -= 1;
        return left > 0;
      },
      () => {},
      new Turns(),
    );
    loop.wake();
    expect([left, deepest]).toEqual([0, 1]);
  });

  it('hands a throw over and stays stopped', () => {
    const thrown: unknown[] = [];
    let steps = 0;
    const loop = new Loop(
      () => {
        steps += 1;
        throw 'a bug';
      },
      (what) => thrown.push(what),
      new Turns(),
    );
    loop.wake();
    loop.wake();
    expect([steps, thrown]).toEqual([1, ['a bug']]);
  });

  it('goes on in a later turn, and not once it was stopped', () => {
    const turns = new Turns();
    let steps = 0;
    const loop = new Loop(
      () => {
        turns.time += 1;
        steps += 1;
        return true;
      },
      () => {},
      turns,
    );
    loop.wake();
    const first = steps;
    turns.turn();
    expect(steps).toBeGreaterThan(first);
    loop.stop();
    const last = steps;
    while (turns.turn());
    expect(steps).toBe(last);
  });
});
