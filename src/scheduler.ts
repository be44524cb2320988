import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';

/** The longest a loop runs before it lets the event loop turn, in milliseconds. */
export const SLICE_MS = 5;

const MOST_STEPS_UNWATCHED = 8;

/**
 * All time and all yielding come from one `SchedulerLike`; this is the one that runs live. Work without a delay runs
 * on the next turn of the event loop, after its I/O; with one, after so many milliseconds. A `TestScheduler` takes
 * its place in tests.
 */
export const eventLoop: SchedulerLike = {
  now: () => Date.now(),
  schedule: <T>(work: Work<T>, delay = 0, state?: T) => new Turn(work).schedule(state, delay),
};

type Work<T> = (this: SchedulerAction<T>, state: T) => void;

class Turn<T> extends Subscription implements SchedulerAction<T> {
  readonly #work: Work<T>;
  #cancel: (() => void) | undefined;

  constructor(work: Work<T>) {
    super(() => this.#cancel?.());
    this.#work = work;
  }

  schedule(state?: T, delay = 0): Subscription {
    this.#cancel?.();
    if (this.closed) return this;
    const run = (): void => {
      this.#cancel = undefined;
      this.#work(state as T);
      if (this.#cancel === undefined) this.unsubscribe();
    };
    if (delay > 0) {
      const timer = setTimeout(run, delay);
      this.#cancel = () => clearTimeout(timer);
    } else {
      const immediate = setImmediate(run);
      this.#cancel = () => clearImmediate(immediate);
    }
    return this;
  }
}

/**
 * Watches how long a loop has run. Reading the clock costs as much as sending a frame, so it is read after the second
 * step, and then the more rarely the shorter the steps turn out to be.
 */
export class Slice {
  readonly #scheduler: SchedulerLike;
  #left = 2;
  #stride = 1;
  #began = Number.NaN;
  #looked = 0;

  constructor(scheduler: SchedulerLike) {
    this.#scheduler = scheduler;
  }

  /** Starts afresh. */
  start(): void {
    this.#left = 2;
    this.#stride = 1;
    this.#began = Number.NaN;
  }

  /** Counts a step; true when the loop should stop and go on in a later turn. */
  over(): boolean {
    this.#left -= 1;
    return this.#left === 0 && this.#look();
  }

  #look(): boolean {
    const now = this.#scheduler.now();
    // A clock that was set back must not hold the loop for as long as it was set back.
    if (!(this.#began <= now)) this.#began = now;
    else if (now - this.#looked >= 1) this.#stride = 1;
    else this.#stride = Math.min(this.#stride * 2, MOST_STEPS_UNWATCHED);
    this.#left = this.#stride;
    this.#looked = now;
    return now - this.#began >= SLICE_MS;
  }
}
