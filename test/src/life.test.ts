import { VirtualTimeScheduler } from 'rxjs';
import { grace, Life } from '../../src/life.ts';

describe('a grace', () => {
  const waiting = (scheduler: Life | VirtualTimeScheduler, ms = 10) => {
    const over: string[] = [];
    grace(ms, scheduler).subscribe(() => over.push('over'));
    return over;
  };

  it('is over after its time, and at once where what runs has stopped, or stops', () => {
    const clock = new VirtualTimeScheduler();
    const life = new Life(clock);
    const before = waiting(life, 1);
    clock.flush();
    expect([before, waiting(life)]).toEqual([['over'], []]);

    const runs = [life.running.subscribe(), life.running.subscribe()];
    const during = waiting(life);
    runs[0]?.unsubscribe();
    expect(during).toEqual([]);
    runs[1]?.unsubscribe();
    expect([during, waiting(life)]).toEqual([['over'], ['over']]);

    const again = life.running.subscribe();
    expect(waiting(life)).toEqual([]);
    again.unsubscribe();
    expect(waiting(clock)).toEqual([]);
  });
});
