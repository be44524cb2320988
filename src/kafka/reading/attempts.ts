import { type Observable, type SchedulerLike, type Subscriber, Subscription } from 'rxjs';
import { Backoff, type BackoffOptions } from '../../backoff.ts';
import { listen } from '../../listen.ts';

/** One thing at a time that has to be over before anything else is tried: a question, or the wait after a failure. */
export class Attempts {
  readonly #life: Subscriber<never>;
  readonly #scheduler: SchedulerLike;
  readonly #backoff: Backoff;
  #pending: Subscription | undefined;
  #isWait = false;

  constructor(life: Subscriber<never>, backoff: BackoffOptions, scheduler: SchedulerLike) {
    this.#life = life;
    this.#scheduler = scheduler;
    this.#backoff = new Backoff(backoff);
    life.add(() => this.cancel());
  }

  get arePending(): boolean {
    return this.#pending !== undefined;
  }

  /** Whether it is waited after a failure. */
  get areHeld(): boolean {
    return this.#isWait;
  }

  /** Asks, in place of what is pending. */
  ask<T>(question: Observable<T>, next: (answer: T) => void, error: (thrown: unknown) => void): void {
    // Set before it is asked, since the answer may come at once.
    const pending = this.#replace(new Subscription());
    pending.add(listen(question, this.#life, { next, error, complete() {} }));
  }

  /** Waits, the longer the more often in a row, in place of what is pending. */
  hold(then: () => void): void {
    this.#replace(this.#scheduler.schedule(then, this.#backoff.next()));
    this.#isWait = true;
  }

  /** After something went well. */
  succeed(): void {
    this.#backoff.reset();
  }

  /** Nothing is pending any more. */
  cancel(): void {
    this.#pending?.unsubscribe();
    this.#pending = undefined;
    this.#isWait = false;
  }

  #replace(pending: Subscription): Subscription {
    this.cancel();
    this.#pending = pending;
    return pending;
  }
}
