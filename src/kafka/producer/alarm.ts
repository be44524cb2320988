import type { SchedulerLike, Subscription } from 'rxjs';

/** Rings once, at the earliest of the times that it is set to. */
export class Alarm {
  readonly #scheduler: SchedulerLike;
  readonly #ring: () => void;
  #at = Number.POSITIVE_INFINITY;
  #timer: Subscription | undefined;

  constructor(scheduler: SchedulerLike, ring: () => void) {
    this.#scheduler = scheduler;
    this.#ring = ring;
  }

  /** Rings at `at` or before; in milliseconds since 1970. */
  set(at: number): void {
    if (at >= this.#at) return;
    this.stop();
    this.#at = at;
    const wait = Math.max(0, at - this.#scheduler.now());
    this.#timer = this.#scheduler.schedule(() => {
      this.#at = Number.POSITIVE_INFINITY;
      this.#ring();
    }, wait);
  }

  /** Does not ring any more, until it is set. */
  stop(): void {
    this.#timer?.unsubscribe();
    this.#at = Number.POSITIVE_INFINITY;
  }
}
