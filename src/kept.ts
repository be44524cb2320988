import { finalize, type Observable, ReplaySubject, type SchedulerLike, share } from 'rxjs';
import { grace } from './life.ts';

/** Values that are each made once, however many are interested, and kept for a while after the last has left. */
export class Kept<K, T> {
  readonly #kept = new Map<K, Observable<T>>();
  readonly #make: (key: K) => Observable<T>;
  readonly #grace: number;
  readonly #scheduler: SchedulerLike;

  /** @param grace how long, in milliseconds */
  constructor(make: (key: K) => Observable<T>, grace: number, scheduler: SchedulerLike) {
    this.#make = make;
    this.#grace = grace;
    this.#scheduler = scheduler;
  }

  of(key: K): Observable<T> {
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const kept: Observable<T> = this.#make(key).pipe(
      finalize(() => this.#kept.delete(key)),
      share({
        connector: () => new ReplaySubject<T>(1),
        resetOnRefCountZero: () => grace(this.#grace, this.#scheduler),
      }),
    );
    this.#kept.set(key, kept);
    return kept;
  }
}
