import { type SchedulerLike, Subscription } from 'rxjs';
import { Deque } from '../deque.ts';
import { Loop } from '../loop.ts';
import { Slice } from '../scheduler.ts';
import type { Intake } from './intake.ts';

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (thrown: unknown) => void;
}

/** Takes from an intake as it is asked to; opens the stream when it is asked first. */
export class MessageIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #intake: Intake;
  readonly #life = new Subscription();
  readonly #waiters = new Deque<Waiter<T>>();
  readonly #slice: Slice;
  readonly #scheduler: SchedulerLike;
  readonly #loop: Loop;
  #isOpen = false;
  #isPaused = false;

  /** @param open makes the intake, which asks how many messages are awaited, and calls back when it has changed */
  constructor(open: (awaited: () => number, changed: () => void) => Intake, scheduler: SchedulerLike) {
    this.#scheduler = scheduler;
    this.#slice = new Slice(scheduler);
    this.#loop = new Loop(
      () => this.#step(),
      (thrown) => this.#fail(thrown),
      scheduler,
    );
    this.#intake = open(
      () => this.#waiters.length,
      () => this.#loop.wake(),
    );
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (this.#life.closed) return this.#close();
      if (!this.#isOpen) {
        this.#isOpen = true;
        this.#intake.open(this.#life);
      }
      this.#loop.wake();
    });
  }

  /** Leaves the stream. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#close();
    return DONE;
  }

  #step(): boolean {
    if (this.#waiters.length === 0 || this.#isPaused) return false;
    // A loop that finds a message each time would go round in microtasks alone.
    if (this.#slice.over()) return this.#pause();
    const item = this.#intake.take();
    if (item !== undefined) {
      this.#waiters.shift()?.resolve({ value: item as T, done: false });
      return true;
    }
    const { over } = this.#intake;
    if (over === undefined) return false;
    if ('error' in over) throw over.error;
    this.#close();
    return false;
  }

  #pause(): false {
    this.#isPaused = true;
    const turn = this.#scheduler.schedule(() => {
      this.#isPaused = false;
      this.#slice.start();
      this.#loop.wake();
    });
    this.#life.add(turn);
    return false;
  }

  #fail(thrown: unknown): void {
    this.#life.unsubscribe();
    this.#waiters.shift()?.reject(thrown);
    this.#close();
  }

  #close(): void {
    this.#life.unsubscribe();
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) {
      waiter.resolve(DONE);
    }
  }
}

const DONE = { value: undefined, done: true } as const;
