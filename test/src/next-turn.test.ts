import { VirtualTimeScheduler } from 'rxjs';
import { NextTurn } from '../../src/next-turn.ts';

describe('the next turn', () => {
  it('wakes all that came in this one, in order and once', () => {
    const clock = new VirtualTimeScheduler();
    const woken: string[] = [];
    const turn = new NextTurn(clock, () => {});
    for (const name of ['a', 'b', 'c']) turn.add(() => woken.push(name));
    expect(woken).toEqual([]);
    clock.flush();
    expect(woken).toEqual(['a', 'b', 'c']);
    turn.add(() => woken.push('d'));
    clock.flush();

    expect(woken).toEqual(['a', 'b', 'c', 'd']);
  });

  it('keeps a wake that throws from no other', () => {
    const clock = new VirtualTimeScheduler();
    const woken: string[] = [];
    const thrown: unknown[] = [];
    const turn = new NextTurn(clock, (error) => thrown.push(error));
    turn.add(() => {
      throw 'a bug';
    });
    turn.add(() => {
      woken.push('b');
    });
    clock.flush();

    expect([woken, thrown]).toEqual([['b'], ['a bug']]);
  });
});
