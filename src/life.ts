import { BehaviorSubject, filter, merge, NEVER, Observable, type SchedulerLike, timer } from 'rxjs';

/**
 * The scheduler of something that runs, and stops: it keeps the time of another, and knows that nobody comes back once that is
 * over, so that what is kept for those who might is let go at once.
 */
export class Life implements SchedulerLike {
  readonly now: SchedulerLike['now'];
  readonly schedule: SchedulerLike['schedule'];
  readonly #state = new BehaviorSubject<'new' | 'running' | 'stopped'>('new');
  #runs = 0;

  constructor(scheduler: SchedulerLike) {
    this.now = scheduler.now.bind(scheduler);
    this.schedule = scheduler.schedule.bind(scheduler);
  }

  /** Runs while it is subscribed to, and has stopped after the last time. */
  readonly running: Observable<never> = new Observable(() => {
    this.#runs += 1;
    this.#state.next('running');
    return () => {
      this.#runs -= 1;
      if (this.#runs === 0) this.#state.next('stopped');
    };
  });

  /** Emits once it has stopped; at once, if it has. What never ran does not stop. */
  readonly stopped: Observable<unknown> = this.#state.pipe(filter((state) => state === 'stopped'));
}

/** Emits after so many milliseconds, or as soon as what the scheduler is of has stopped. */
export const grace = (milliseconds: number, scheduler: SchedulerLike): Observable<unknown> =>
  merge(timer(milliseconds, scheduler), scheduler instanceof Life ? scheduler.stopped : NEVER);
