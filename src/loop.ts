import type { SchedulerLike, Subscription } from 'rxjs';
import { Slice } from './scheduler.ts';

/**
 * The one loop of this project that drains anything. It runs `step` until that answers false; a call from inside a
 * step is folded into the running loop, so the stack stays flat and delivery serial; a loop that has run for about
 * 5 ms goes on in a later turn. What `step` throws ends the loop and goes to `fail`.
 */
export class Loop {
  readonly #step: () => boolean;
  readonly #fail: (thrown: unknown) => void;
  readonly #scheduler: SchedulerLike;
  readonly #slice: Slice;
  #running = false;
  #woken = false;
  #stopped = false;
  #paused: Subscription | undefined;

  constructor(step: () => boolean, fail: (thrown: unknown) => void, scheduler: SchedulerLike) {
    this.#step = step;
    this.#fail = fail;
    this.#scheduler = scheduler;
    this.#slice = new Slice(scheduler);
  }

  /** Runs, unless it already does. */
  wake(): void {
    this.#woken = true;
    if (!this.#running && !this.#stopped) this.#run();
  }

  /** Does `work` as a step, unless it runs; what wakes it meanwhile comes after. Answers whether it did. */
  pass<T>(work: (item: T) => void, item: T): boolean {
    if (this.#running || this.#stopped) return false;
    this.#running = true;
    this.#woken = false;
    try {
      work(item);
    } catch (thrown) {
      this.#end(thrown);
    }
    this.#running = false;
    if (this.#woken) this.wake();
    return true;
  }

  /** Ends for good. */
  stop(): void {
    this.#stopped = true;
    this.#paused?.unsubscribe();
  }

  #run(): void {
    this.#running = true;
    this.#slice.start();
    try {
      while (!this.#stopped && this.#step()) {
        if (this.#slice.over()) {
          this.#paused = this.#scheduler.schedule(() => this.#run());
          return;
        }
      }
    } catch (thrown) {
      this.#end(thrown);
    }
    this.#running = false;
  }

  #end(thrown: unknown): void {
    this.stop();
    this.#fail(thrown);
  }
}
