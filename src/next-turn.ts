import type { SchedulerLike } from 'rxjs';
import { Deque } from './deque.ts';
import { Loop } from './loop.ts';

/** Wakes many in one later turn of the event loop, so that what comes for each in this one can leave together. */
export class NextTurn {
  readonly #scheduler: SchedulerLike;
  readonly #waiting = new Deque<() => void>();
  readonly #loop: Loop;
  #scheduled = false;

  /** `fail` is told of what a wake throws, which keeps it from none of the others. */
  constructor(scheduler: SchedulerLike, fail: (thrown: unknown) => void) {
    this.#scheduler = scheduler;
    this.#loop = new Loop(() => this.#step(fail), fail, scheduler);
  }

  /** Calls `wake` in the next turn. */
  add(wake: () => void): void {
    this.#waiting.push(wake);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#scheduler.schedule(() => {
      this.#scheduled = false;
      this.#loop.wake();
    });
  }

  #step(fail: (thrown: unknown) => void): boolean {
    const wake = this.#waiting.shift();
    try {
      wake?.();
    } catch (thrown) {
      fail(thrown);
    }
    return this.#waiting.length > 0;
  }
}
