import { positive } from './errors.ts';

export interface BackoffOptions {
  /** How long to wait after a first failure, in milliseconds, an integer >= 1; 50 by default. It doubles. */
  readonly backoff?: number;
  /** The most that becomes of it, in milliseconds, an integer >= 1; 5,000 by default. */
  readonly maxBackoff?: number;
  /** Numbers from 0 up to 1, which spread the waits by a fifth either way; `Math.random` by default. */
  readonly random?: () => number;
}

/** How long to wait between failures: ever longer, up to a limit, and spread so that clients do not come all at once. */
export class Backoff {
  readonly #first: number;
  readonly #most: number;
  readonly #random: () => number;
  #failures = 0;

  /** @throws SluiceError OPTION_INVALID */
  constructor({ backoff = 50, maxBackoff = 5_000, random = Math.random }: BackoffOptions = {}) {
    this.#first = positive('backoff', backoff);
    this.#most = positive('maxBackoff', maxBackoff);
    this.#random = random;
  }

  /** After one more failure, how long to wait, in milliseconds. */
  next(): number {
    const wait = Math.min(this.#most, this.#first * 2 ** this.#failures);
    this.#failures += 1;
    return wait * (0.8 + 0.4 * this.#random());
  }

  /** After a success. */
  reset(): void {
    this.#failures = 0;
  }
}
