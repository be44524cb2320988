import type { Duplex } from 'node:stream';
import { Account } from '../credit.ts';
import type { Fault } from '../errors.ts';
import type { Frame } from '../frame.ts';
import type { NetLane } from '../protocol/net.ts';
import { cutOff } from './sockets.ts';

/**
 * A lane written into a node stream. Credit is owed once the bytes are in the hands of the kernel, so a peer that does
 * not read holds at most one window of them here.
 */
export class Writer {
  readonly #stream: Duplex;
  readonly #account: Account;
  #unsettled = 0;
  #corked = false;
  #closed = false;

  /** `window` is in bytes, an integer >= 1. */
  constructor(stream: Duplex, window: number) {
    this.#stream = stream;
    this.#account = new Account(window);
  }

  /** Takes the next frame of the lane; its BEGIN is granted the window. */
  next(frame: Frame<NetLane>): void {
    switch (frame.kind) {
      case 'begin':
        this.#account.open(frame.control);
        this.#account.settle();
        break;
      case 'data':
        this.#write(frame.payload, frame.reserved);
        break;
      case 'end':
        this.#closed = true;
        this.#stream.end();
        break;
      case 'abort':
        this.complete();
    }
  }

  /** Says that no more comes; a lane without END is cut off. */
  complete(): void {
    if (this.#closed) return;
    this.#closed = true;
    // What was written last may say why, as a TLS alert does.
    this.#stream.uncork();
    cutOff(this.#stream);
  }

  /** Refuses the rest of the lane, unless it has ended. */
  fail(fault: Fault): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#account.reset(fault);
  }

  #write(bytes: Uint8Array, reserved: number): void {
    if (this.#stream.destroyed) return;
    this.#unsettled += reserved;
    if (!this.#corked) {
      this.#corked = true;
      this.#stream.cork();
      process.nextTick(this.#uncork);
    }
    this.#stream.write(bytes, this.#flushed);
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.#stream.uncork();
  };

  readonly #flushed = (error?: Error | null): void => {
    if (error || this.#closed) return;
    const waiting = this.#stream.writableLength;
    this.#account.owe(this.#unsettled - waiting);
    this.#unsettled = waiting;
    this.#account.settle();
  };
}
