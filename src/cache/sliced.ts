import type { Observable, SchedulerLike } from 'rxjs';
import { steps } from './steps.ts';

/** What `work` makes of each item, in their order; it lets the event loop turn now and then. */
export const sliced = <T, U>(
  items: readonly T[],
  work: (item: T) => U,
  scheduler: SchedulerLike,
): Observable<readonly U[]> =>
  steps(function* () {
    const made: U[] = [];
    for (const item of items) {
      made.push(work(item));
      yield;
    }
    return made;
  }, scheduler);
