import { type ControlSink, window as grant } from './control.ts';
import { returnedAt } from './credit.ts';

/**
 * The credit of a lane whose records hold it until they are answered, or kept elsewhere. It goes back once half the window
 * is owed, or by `refill`. A record that is larger than the window can be lent more, which is repaid with what it held.
 */
export class LaneCredit {
  readonly #window: number;
  readonly #threshold: number;
  #control: ControlSink = () => {};
  #balance = 0;
  #owed: number;
  #lent = 0;

  /** @param window an integer >= 1 */
  constructor(window: number) {
    this.#threshold = returnedAt(window);
    this.#window = window;
    this.#owed = window;
  }

  /** What the sender has left. */
  get balance(): number {
    return this.#balance;
  }

  /** Grants the window. */
  open(control: ControlSink): void {
    this.#control = control;
    this.#grant();
  }

  /** Counts what came. */
  spend(reserved: number): void {
    this.#balance -= reserved;
  }

  /** Returns what something held, which is answered or dropped. */
  give(held: number): void {
    const repaid = Math.min(this.#lent, held);
    this.#lent -= repaid;
    this.#owed += held - repaid;
    if (this.#owed >= this.#threshold) this.#grant();
  }

  /** Grants what is owed if the sender has none left; answers whether it has some then. */
  refill(): boolean {
    if (this.#balance <= 0) this.#grant();
    return this.#balance > 0;
  }

  /** Sees to it that a record can go on which holds all that is held, so that nothing would be returned before it ends. */
  lend(): void {
    this.#lent += this.#window;
    this.#owed += this.#window;
    this.#grant();
  }

  #grant(): void {
    const credit = this.#owed;
    if (credit === 0) return;
    this.#owed = 0;
    this.#balance += credit;
    this.#control(grant(credit));
  }
}
