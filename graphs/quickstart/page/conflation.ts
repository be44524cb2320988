import type { Applied } from './process-view.ts';
import type { Reading } from './reading.ts';

/** A record that was written while a consumer was paused. */
export interface Cell {
  readonly place: string;
  readonly pid: number;
  /** Whether a newer record has its key by now; whether the consumer was sent it in the end. */
  state: 'waits' | 'superseded' | 'sent';
}

/** What became of the records that were written while a consumer was paused. */
export interface Outcome {
  readonly written: number;
  readonly sent: number;
  readonly superseded: number;
}

const MOST_CELLS = 900;

/**
 * A consumer that can be paused, beside one that is not. While it is paused, what that one is sent tells what is written; once
 * it has resumed, its own ids tell what it was sent of that.
 */
export class Conflation {
  phase: 'running' | 'paused' | 'catching up' = 'running';
  /** The newest records that were written since it was paused, oldest first. */
  cells: Cell[] = [];
  /** Of the last pause that is over. */
  outcome: Outcome | undefined;
  readonly #paused: Reading;
  readonly #live: Reading;
  /** The newest record of each key. */
  readonly #newest = new Map<number, Cell>();
  /** Where it stood when it was paused. */
  #before = { sent: 0, passedOver: 0 };
  #target = 0;

  constructor(paused: Reading, live: Reading) {
    this.#paused = paused;
    this.#live = live;
  }

  pause(): void {
    const { sent, passedOver } = this.#paused;
    this.phase = 'paused';
    this.cells = [];
    this.outcome = undefined;
    this.#newest.clear();
    this.#before = { sent, passedOver };
  }

  resume(): void {
    this.phase = 'catching up';
    this.#target = this.#live.position;
    this.#settle();
  }

  /** So far: what would be sent if it resumed now. */
  get soFar(): Outcome {
    const written = Math.max(0, this.#live.position - this.#paused.position);
    const sent = Math.min(written, this.#newest.size);
    return { written, sent, superseded: written - sent };
  }

  /** The live consumer was sent a record. */
  wrote({ pid, place }: Applied): void {
    if (this.phase !== 'paused') return;
    const former = this.#newest.get(pid);
    if (former !== undefined) former.state = 'superseded';
    const cell: Cell = { place, pid, state: 'waits' };
    this.#newest.set(pid, cell);
    this.cells.push(cell);
    if (this.cells.length > MOST_CELLS) this.cells.shift();
  }

  /** The consumer itself was sent a record. */
  received({ place }: Applied): void {
    if (this.phase !== 'catching up') return;
    const cell = this.cells.find((one) => one.place === place);
    if (cell !== undefined) cell.state = 'sent';
    this.#settle();
  }

  #settle(): void {
    if (this.#paused.position < this.#target) return;
    const sent = this.#paused.sent - this.#before.sent;
    const superseded = this.#paused.passedOver - this.#before.passedOver;
    this.phase = 'running';
    this.outcome = { written: sent + superseded, sent, superseded };
    // What was superseded since it resumed was so before it could be sent.
    for (const cell of this.cells) if (cell.state === 'waits') cell.state = 'superseded';
  }
}
