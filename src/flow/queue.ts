import { Deque } from '../deque.ts';
import type { Data, Flush } from '../frame.ts';
import { cut, keep } from '../payload.ts';
import type { Lane } from '../protocol.ts';
import { pushMark, type Stretch, shiftMark } from './stretch.ts';

/** What waits while a receiver is slow: DATA and the marks between them. Answers never wait here. */
export interface Queue<L extends Lane> {
  /** Whether neither DATA nor a mark waits. */
  readonly empty: boolean;
  /** What the DATA that waits costs. */
  readonly waiting: number;
  /** Admits a DATA; what `balance` pays for leaves at once, only the rest has to wait. */
  offer(frame: Data<L['data']>, balance: number): void;
  /** Admits a mark at its place behind what waits. */
  mark(frame: Flush<L['flush']>): void;
  /** Takes the next frame to send: DATA only on a balance >= 1, cut to it; a mark on any. */
  poll(balance: number): Data<L['data']> | Flush<L['flush']> | undefined;
  /** Told that END has come: no DATA and no mark will. */
  end?(): void;
}

/** Told how much credit may go back upstream. */
export type Owe = (credit: number) => void;

/** First in, first out; credit is owed when a DATA leaves. */
export class Fifo<L extends Lane> implements Queue<L> {
  readonly #owe: Owe;
  readonly #frames = new Deque<Data<L['data']> | Flush<L['flush']> | Stretch<L['flush']>>();
  #waiting = 0;

  constructor(owe: Owe) {
    this.#owe = owe;
  }

  get empty(): boolean {
    return this.#frames.length === 0;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Whether what comes next costs nothing. */
  get free(): boolean {
    const { first } = this.#frames;
    return first !== undefined && first.kind !== 'data';
  }

  offer(frame: Data<L['data']>): void {
    this.#frames.push(frame);
    this.#waiting += frame.reserved;
  }

  mark(frame: Flush<L['flush']>): void {
    pushMark(this.#frames, frame);
  }

  poll(balance: number): Data<L['data']> | Flush<L['flush']> | undefined {
    const frame = this.#frames.first;
    if (frame === undefined) return undefined;
    if (frame.kind !== 'data') return shiftMark(this.#frames);
    if (balance <= 0) return undefined;
    const parts = cut(frame, balance);
    if (parts === undefined) this.#frames.shift();
    else this.#frames.first = keep(parts[1]);
    const head = parts === undefined ? frame : parts[0];
    this.#waiting -= head.reserved;
    this.#owe(head.reserved);
    return head;
  }
}
