import { Observable, Subscriber, type Subscription } from 'rxjs';
import type { Frame } from './frame.ts';
import type { AnyLane, Lane } from './protocol.ts';

/** What an operator does with its source; what it leaves out is passed on. */
export interface Listener<T> {
  next(value: T): void;
  error?(defect: unknown): void;
  complete?(): void;
}

/**
 * Subscribes to `source` on behalf of `out`: the one way in which an operator subscribes. A throw in a handler, or in
 * a user's function that it calls, unsubscribes from the source and becomes the Rx error of `out`; it never escapes
 * to the source, and never to the process. When `out` ends, the subscription does.
 */
export function listen<T>(source: Observable<T>, out: Subscriber<never>, listener: Listener<T>): Subscription {
  const subscriber = new Listening(out, listener);
  out.add(subscriber);
  if (!out.closed) source.subscribe(subscriber);
  return subscriber;
}

/**
 * A Subscriber of our own, rather than a plain observer, can be closed while a source still emits synchronously. Its
 * handlers are methods, since a thousand streams have ten thousand of it.
 */
class Listening<T> extends Subscriber<T> {
  readonly #out: Subscriber<never>;
  readonly #listener: Listener<T>;

  constructor(out: Subscriber<never>, listener: Listener<T>) {
    super();
    this.#out = out;
    this.#listener = listener;
  }

  protected override _next(value: T): void {
    try {
      this.#listener.next(value);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  protected override _error(defect: unknown): void {
    try {
      if (this.#listener.error) this.#listener.error(defect);
      else this.#out.error(defect);
    } catch (thrown) {
      this.#fail(thrown);
    }
    this.unsubscribe();
  }

  protected override _complete(): void {
    try {
      if (this.#listener.complete) this.#listener.complete();
      else this.#out.complete();
    } catch (thrown) {
      this.#fail(thrown);
    }
    this.unsubscribe();
  }

  #fail(thrown: unknown): void {
    try {
      this.unsubscribe();
    } catch {
      // What the clean-up of the source throws must not hide what it is cleaned up for.
    }
    this.#out.error(thrown);
  }
}

/**
 * Makes an operator of one lane: `connect` answers what it does with its source on behalf of `out`. That what it sends is
 * of the very type that it takes in, when that is narrower than `L`, is its promise.
 */
export const operate = <L extends Lane>(connect: (out: Subscriber<Frame<L>>) => Listener<Frame<L>>): AnyLane<L> =>
  ((source: Observable<Frame<L>>) =>
    new Observable<Frame<L>>((out) => {
      listen(source, out, connect(out));
    })) as AnyLane<L>;
