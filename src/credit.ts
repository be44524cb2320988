import { type ControlSink, reset, window } from './control.ts';
import { positive } from './errors.ts';

/**
 * The account of who owns a window: what it owes upstream, and when to return it. Credit goes back once half the
 * window is owed, so that a grant is not paid for every frame; the sender then has more than the other half.
 */
export class Account {
  readonly #threshold: number;
  #owed: number;
  #control: ControlSink | undefined;

  /** Owes its whole window (an integer >= 1, in the unit of `reserved`) to begin with. */
  constructor(window: number) {
    this.#owed = window;
    this.#threshold = returnedAt(window);
  }

  /** Learns the way upstream. */
  open(control: ControlSink): void {
    this.#control = control;
  }

  /** Owes so much more. */
  owe(credit: number): void {
    this.#owed += credit;
  }

  /** Whether what is owed is to be granted now. */
  get due(): boolean {
    return this.#owed >= this.#threshold && this.#control !== undefined;
  }

  /** Grants what is owed if it is due; answers whether it did. */
  settle(): boolean {
    if (!this.due) return false;
    const credit = this.#owed;
    this.#owed = 0;
    this.#control?.(window(credit));
    return true;
  }

  /** Refuses the rest of the lane. */
  reset(ext: unknown): void {
    this.#control?.(reset(ext));
  }
}

/** How much credit a window may owe before it is returned. */
export const returnedAt = (window: number): number => Math.max(1, positive('window', window) >> 1);
