import { Observable, type Subscriber } from 'rxjs';
import { begin, type Control, type Following, type Frame, type RunLane } from '../../src/index.ts';

/** Begins, then sends what a test hands it, whatever the credit, and keeps what its receiver says. */
export class Sender<R> {
  readonly controls: Control[] = [];
  #out: Subscriber<Frame<RunLane<R>>> | undefined;

  readonly frames = new Observable<Frame<RunLane<R>>>((out) => {
    this.#out = out;
    out.next(begin(undefined, (control) => this.controls.push(control)));
  });

  /** Whether somebody listens. */
  get observed(): boolean {
    return this.#out !== undefined && !this.#out.closed;
  }

  next(frame: Following<RunLane<R>>): void {
    this.#out?.next(frame);
  }

  error(): void {
    this.#out?.error(new Error('a defect'));
  }

  complete(): void {
    this.#out?.complete();
  }
}
