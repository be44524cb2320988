import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  ignoreElements,
  Observable,
  ReplaySubject,
  Subject,
  tap,
} from 'rxjs';
import { listen } from '../listen.ts';

/** Does one thing after the other, each to its end, whether or not somebody still waits for it. */
export class Serial {
  /** What is to be done before the next thing, if there is something; what it errors with, that does. */
  prepare: () => Observable<unknown> | undefined = () => undefined;
  readonly #jobs = new Subject<Observable<unknown>>();

  constructor() {
    this.#jobs.pipe(concatMap((job) => job)).subscribe();
  }

  /** Does `work` when it is its turn; emits and ends as that does. */
  run<T>(work: () => Observable<T>): Observable<T> {
    return new Observable((out) => {
      const result = new ReplaySubject<T>();
      this.#jobs.next(
        defer(() => this.#prepared(work)).pipe(
          tap({
            next: (value) => result.next(value),
            error: (thrown) => result.error(thrown),
            complete: () => result.complete(),
          }),
          catchError(() => EMPTY),
        ),
      );
      listen(result, out, { next: (value) => out.next(value) });
    });
  }

  #prepared<T>(work: () => Observable<T>): Observable<T> {
    const first = this.prepare();
    return first === undefined ? work() : concat(first.pipe(ignoreElements()), defer(work));
  }
}
