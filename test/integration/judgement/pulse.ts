import { setTimeout as sleep } from 'node:timers/promises';

export interface PulseOptions {
  /** Grows as long as anything goes on. */
  readonly measure: () => number;
  /** How far it is. */
  readonly describe: () => string;
  /** Told that now and then. */
  readonly tell: (what: string) => void;
  /** How long nothing may go on, in milliseconds. */
  readonly patience: number;
}

const TOLD_EVERY = 10_000;
const LOOKED_EVERY = 50;

/** Tells how far something is, and waits no longer than it goes on. */
export class Pulse {
  readonly #options: PulseOptions;
  readonly #began = Date.now();
  readonly #timers: readonly NodeJS.Timeout[];
  #measured = -1;
  #movedAt = Date.now();

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#timers = [
      setInterval(() => this.#look(), LOOKED_EVERY),
      setInterval(() => this.tell(options.describe()), TOLD_EVERY),
    ];
  }

  /** For how long it has been, in seconds. */
  get seconds(): number {
    return (Date.now() - this.#began) / 1_000;
  }

  tell(what: string): void {
    this.#options.tell(`${this.seconds.toFixed(0)} s: ${what}`);
  }

  /** Waits until something holds; answers whether it did before nothing went on any more. */
  async until(holds: () => boolean): Promise<boolean> {
    for (this.#movedAt = Date.now(); !holds(); await sleep(LOOKED_EVERY)) if (this.#hasStopped) return false;
    return true;
  }

  /** Waits for work. Rejects if nothing goes on any more. */
  async bound<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    if (await this.until(() => isDone)) return done;
    throw new Error(`nothing went on for ${this.#options.patience} ms: ${this.#options.describe()}`);
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  get #hasStopped(): boolean {
    return Date.now() - this.#movedAt > this.#options.patience;
  }

  #look(): void {
    const measured = this.#options.measure();
    if (measured === this.#measured) return;
    this.#measured = measured;
    this.#movedAt = Date.now();
  }
}
