import { type SchedulerLike, Subscription } from 'rxjs';

/** A scheduler under the suite's own clock; what is scheduled runs when `turn` is called. */
export class Turns implements SchedulerLike {
  time = 0;
  readonly #due: (() => void)[] = [];

  now(): number {
    return this.time;
  }

  schedule(work: (state?: never) => void, _delay?: number, state?: unknown): Subscription {
    const subscription = new Subscription();
    this.#due.push(() => subscription.closed || work.call(subscription as never, state as never));
    return subscription;
  }

  /** Runs what is due; answers whether there was anything. */
  turn(): boolean {
    const due = this.#due.splice(0);
    for (const work of due) work();
    return due.length > 0;
  }
}
