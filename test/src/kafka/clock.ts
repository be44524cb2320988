import { VirtualTimeScheduler } from 'rxjs';

/** Virtual time that goes on when it is told to. */
export class Clock extends VirtualTimeScheduler {
  /** Runs what is due within so many milliseconds. */
  advance(ms: number): void {
    const to = this.frame + ms;
    this.maxFrames = to;
    this.flush();
    this.frame = to;
  }

  /** How many timers are set. */
  get timers(): number {
    return this.actions.filter(({ closed }) => !closed).length;
  }
}

/** Lets promises and threads go on until `condition` holds; the test's own timeout bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
