import type { Data, Flush } from './frame.ts';
import { type Mark, replaces } from './marks.ts';
import { cut, keep } from './payload.ts';
import type { Lane } from './protocol.ts';

/** What waits while a receiver is slow: DATA and the marks between them. Answers never wait here. */
export interface Queue<L extends Lane> {
  /** Whether neither DATA nor a mark waits. */
  readonly empty: boolean;
  /** Admits a DATA. */
  offer(frame: Data<L['data']>): void;
  /** Admits a mark at its place behind what waits. */
  mark(frame: Flush<L['flush']>): void;
  /** Takes the next frame to send: DATA only on a balance >= 1, cut to it; a mark on any. */
  poll(balance: number): Data<L['data']> | Flush<L['flush']> | undefined;
}

/** Told how much credit its owner may return upstream. */
export type Owe = (credit: number) => void;

const SPARE_HEAD = 1024;

/** First in, first out; credit is owed when a DATA leaves. */
export class Fifo<L extends Lane> implements Queue<L> {
  readonly #owe: Owe;
  #frames: (Data<L['data']> | Flush<L['flush']>)[] = [];
  #head = 0;

  constructor(owe: Owe) {
    this.#owe = owe;
  }

  get empty(): boolean {
    return this.#head === this.#frames.length;
  }

  offer(frame: Data<L['data']>): void {
    this.#frames.push(frame);
  }

  mark(frame: Flush<L['flush']>): void {
    const last = this.empty ? undefined : this.#frames.at(-1);
    if (last?.kind === 'flush' && replaces(frame.ext as Mark, last.ext as Mark)) this.#frames[this.#frames.length - 1] = frame;
    else this.#frames.push(frame);
  }

  poll(balance: number): Data<L['data']> | Flush<L['flush']> | undefined {
    if (this.empty) return undefined;
    const frame = this.#frames[this.#head] as Data<L['data']> | Flush<L['flush']>;
    if (frame.kind === 'flush') return this.#shift(frame);
    if (balance <= 0) return undefined;
    const parts = cut(frame, balance);
    if (parts !== undefined) this.#frames[this.#head] = keep(parts[1]);
    const head = parts === undefined ? this.#shift(frame) : parts[0];
    this.#owe(head.reserved);
    return head;
  }

  #shift<F>(frame: F): F {
    this.#frames[this.#head] = undefined as never;
    this.#head += 1;
    if (this.empty) {
      this.#frames.length = 0;
      this.#head = 0;
    } else if (this.#head >= SPARE_HEAD && this.#head * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
    return frame;
  }
}
