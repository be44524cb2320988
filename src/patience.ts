import type { SchedulerLike, Subscription } from 'rxjs';

/** Watches that a reader for whom something is kept takes some of it now and then. */
export class Patience {
  readonly #limit: number;
  readonly #scheduler: SchedulerLike;
  readonly #isRefusing: () => boolean;
  readonly #expire: () => void;
  #tookAt: number;
  #timer: Subscription | undefined;

  /**
   * @param limit how long it may take nothing, in milliseconds
   * @param isRefusing whether it would not take anything; one that waits for what is not there yet is not to blame
   */
  constructor(limit: number, scheduler: SchedulerLike, isRefusing: () => boolean, expire: () => void) {
    this.#limit = limit;
    this.#scheduler = scheduler;
    this.#isRefusing = isRefusing;
    this.#expire = expire;
    this.#tookAt = scheduler.now();
    this.#watch(limit);
  }

  took(): void {
    this.#tookAt = this.#scheduler.now();
  }

  close(): void {
    this.#timer?.unsubscribe();
  }

  #watch(delay: number): void {
    this.#timer = this.#scheduler.schedule(() => {
      if (!this.#isRefusing()) this.took();
      const left = this.#tookAt + this.#limit - this.#scheduler.now();
      if (left > 0) this.#watch(left);
      else this.#expire();
    }, delay);
  }
}
