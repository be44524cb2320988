import { type ControlSink, window as grant } from '../control.ts';
import { returnedAt } from '../credit.ts';

/**
 * The credit of one lane, whose records hold it in memory. What they no longer hold goes back once half the window is
 * owed, or when the sender has none left, since what holds the rest may be stuck.
 */
export class LaneCredit {
  readonly #threshold: number;
  #control: ControlSink | undefined;
  #balance = 0;
  #owed: number;

  /** @param window an integer >= 1 */
  constructor(window: number) {
    this.#threshold = returnedAt(window);
    this.#owed = window;
  }

  /** What the sender has left. */
  get balance(): number {
    return this.#balance;
  }

  /** Grants the window. */
  open(control: ControlSink): void {
    this.#control = control;
    this.#settle();
  }

  /** Counts what came. */
  spend(reserved: number): void {
    this.#balance -= reserved;
    this.#settle();
  }

  /** Returns what is no longer held. */
  give(held: number): void {
    this.#owed += held;
    this.#settle();
  }

  #settle(): void {
    const credit = this.#owed;
    if (credit === 0 || (credit < this.#threshold && this.#balance > 0)) return;
    if (this.#control === undefined) return;
    this.#owed = 0;
    this.#balance += credit;
    this.#control(grant(credit));
  }
}
