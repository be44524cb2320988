import { Observable, type SchedulerLike } from 'rxjs';

/** How long one waits without a look at the clock, in milliseconds: timers stand still while a machine sleeps. */
const LONGEST = 60 * 60 * 1_000;

/** Emits once `time`, in milliseconds since 1970, has come; at once if it has. Then it completes. */
export const atTime = (time: number, scheduler: SchedulerLike): Observable<void> =>
  new Observable((out) => {
    const left = (): number => Math.min(Math.max(time - scheduler.now(), 0), LONGEST);
    const waiting = scheduler.schedule(function look() {
      if (left() > 0) return void this.schedule(undefined, left());
      out.next();
      out.complete();
    }, left());
    out.add(waiting);
  });
