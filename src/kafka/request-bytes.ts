import type { Subscriber } from 'rxjs';
import { Deque } from '../deque.ts';
import { Fifo, type Owe, type Queue } from '../flow/queue.ts';
import { type Data, data, type Flush } from '../frame.ts';
import { listen } from '../listen.ts';
import type { Body } from '../protocol/kafka.ts';
import { isFault } from '../protocol/kafka-error.ts';
import type { NetLane } from '../protocol/net.ts';
import { isBody } from '../records/batch-builder.ts';
import type { Piece } from './pieces.ts';

/** How much of a body is read at a time. */
const CHUNK = 64 * 1024;

export interface RequestBytesOptions {
  readonly life: Subscriber<never>;
  /** Told that there is more to send. */
  readonly ready: () => void;
  /** Told why a body cannot be read. */
  readonly failed: (fault: { readonly code: string; readonly message: string }) => void;
}

/** The bytes of requests, in order. A body is read as they are taken, a chunk at a time, and what follows on it waits. */
export class RequestBytes implements Pick<Queue<NetLane>, 'empty' | 'poll'> {
  readonly #options: RequestBytesOptions;
  readonly #ready: Fifo<NetLane>;
  readonly #behind = new Deque<Piece>();
  #body: Body | undefined;
  #read = 0;
  #isReading = false;

  constructor(owe: Owe, options: RequestBytesOptions) {
    this.#ready = new Fifo(owe);
    this.#options = options;
  }

  get empty(): boolean {
    return this.#ready.empty && this.#body === undefined;
  }

  push(piece: Piece): void {
    if (this.#body !== undefined) this.#behind.push(piece);
    else if (isBody(piece)) this.#begin(piece);
    else this.#ready.offer(data(piece, piece.length));
  }

  poll(balance: number): Data<Uint8Array> | Flush<NetLane['flush']> | undefined {
    if (balance > 0 && this.#ready.empty && this.#body !== undefined) this.#more(this.#body);
    return this.#ready.poll(balance);
  }

  #begin(body: Body): void {
    this.#body = body;
    this.#read = 0;
  }

  #more(body: Body): void {
    if (this.#isReading) return;
    this.#isReading = true;
    const end = Math.min(body.length, this.#read + CHUNK);
    listen(body.read(this.#read, end), this.#options.life, {
      next: (bytes) => {
        this.#isReading = false;
        this.#read = end;
        this.#ready.offer(data(bytes, bytes.length));
        if (end === body.length) this.#done();
        this.#options.ready();
      },
      error: (thrown) => {
        if (!isFault(thrown)) throw thrown;
        this.#options.failed(thrown);
      },
      complete() {},
    });
  }

  #done(): void {
    this.#body = undefined;
    for (let next = this.#behind.shift(); next !== undefined; next = this.#behind.shift()) {
      this.push(next);
      if (this.#body !== undefined) return;
    }
  }
}
