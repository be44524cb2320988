import { Observable, type SchedulerLike } from 'rxjs';
import { Loop } from '../loop.ts';

/** What `work` makes of each item, in their order; it lets the event loop turn now and then. */
export const sliced = <T, U>(
  items: readonly T[],
  work: (item: T) => U,
  scheduler: SchedulerLike,
): Observable<readonly U[]> =>
  new Observable((out) => {
    const made: U[] = [];
    const loop = new Loop(
      () => {
        if (made.length < items.length) {
          made.push(work(items[made.length] as T));
          return true;
        }
        out.next(made);
        out.complete();
        return false;
      },
      (thrown) => out.error(thrown),
      scheduler,
    );
    out.add(() => loop.stop());
    loop.wake();
  });
