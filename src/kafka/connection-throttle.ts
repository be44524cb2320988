import type { SchedulerLike, Subscription } from 'rxjs';

/** For how long a broker wants to be asked nothing (KIP-219). */
export class Throttle {
  readonly #scheduler: SchedulerLike;
  readonly #most: number;
  readonly #over: () => void;
  #until = Number.NEGATIVE_INFINITY;
  #timer: Subscription | undefined;

  /**
   * @param most the longest it lasts, in milliseconds, whatever the broker says
   * @param over called when it is over, if it was looked at meanwhile
   */
  constructor(scheduler: SchedulerLike, most: number, over: () => void) {
    this.#scheduler = scheduler;
    this.#most = most;
    this.#over = over;
  }

  /** Lasts for so many milliseconds from now, unless it lasts longer already. */
  set(ms: number): void {
    if (ms > 0) this.#until = Math.max(this.#until, this.#scheduler.now() + Math.min(ms, this.#most));
  }

  /** Whether it lasts. */
  lasts(): boolean {
    const left = this.#until - this.#scheduler.now();
    if (left <= 0) return false;
    this.stop();
    this.#timer = this.#scheduler.schedule(this.#over, left);
    return true;
  }

  /** Does not call any more. */
  stop(): void {
    this.#timer?.unsubscribe();
  }
}
