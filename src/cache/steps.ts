import { Observable, type SchedulerLike } from 'rxjs';
import { Loop } from '../loop.ts';

/** What `work` returns in the end; between its steps the event loop may turn. */
export const steps = <T>(work: () => Generator<void, T>, scheduler: SchedulerLike): Observable<T> =>
  new Observable((out) => {
    const running = work();
    const loop = new Loop(
      () => {
        const { done, value } = running.next();
        if (!done) return true;
        out.next(value);
        out.complete();
        return false;
      },
      (thrown) => out.error(thrown),
      scheduler,
    );
    out.add(() => loop.stop());
    loop.wake();
  });
