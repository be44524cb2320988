import { Duplex } from 'node:stream';
import type { Subscriber } from 'rxjs';
import { Account } from '../credit.ts';
import type { Source } from '../emitter.ts';
import { type Fault, SluiceError } from '../errors.ts';
import { Fifo } from '../flow/queue.ts';
import { type Abort, abort, data, end, type Following, type Frame } from '../frame.ts';
import type { NetBegin, NetLane } from '../protocol/net.ts';

/**
 * A node stream whose far end is a stream of frames: what one lane brings is read from it, what is written to it is
 * the other lane. It never emits `error`; it emits `fault` before it is destroyed for one. Who destroys it without
 * one, as TLS does when it is done with it, leaves it to the owner to say why with `fail`.
 */
export class FrameDuplex extends Duplex implements Source<NetLane> {
  readonly #account: Account;
  readonly #queue = new Fifo<NetLane>(() => {});
  #wake: () => void = () => {};
  #flushed: (() => void) | undefined;
  #taken: (() => void)[] = [];
  #unread = 0;
  #ended = false;
  #received = false;
  #whole: (() => void) | undefined;
  #begin: NetBegin = {};
  #fault: Fault | undefined;

  /** `window` is how many bytes may wait to be read, an integer >= 1. */
  constructor(window: number) {
    super();
    this.#account = new Account(window);
  }

  /** What the lane that is read began with. */
  get begin(): NetBegin {
    return this.#begin;
  }

  /** Why it failed. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Starts to send what is written, until `out` ends. */
  start(wake: () => void, out: Subscriber<unknown>): this {
    this.#wake = wake;
    out.add(() => {
      this.#wake = () => {};
      if (!this.#ended) this.fail(closed);
    });
    return this;
  }

  /** Takes the next frame of the lane that is read. */
  next(frame: Frame<NetLane>): void {
    switch (frame.kind) {
      case 'begin':
        this.#begin = frame.ext;
        this.#account.open(frame.control);
        if (this.#fault === undefined) this.#account.settle();
        else this.#account.reset(this.#fault);
        break;
      case 'data':
        if (this.destroyed) return;
        if (this.push(frame.payload)) this.#account.owe(frame.reserved);
        else this.#unread += frame.reserved;
        this.#account.settle();
        break;
      case 'end':
        this.#received = true;
        this.push(null);
        this.#whole?.();
        break;
      case 'abort':
        this.#received = true;
        this.fail(frame.ext ?? closed);
    }
  }

  /** Calls `told` once all that is to be read is here, though it may not be read yet; in place of who was to be told before. */
  whole(told: () => void): void {
    this.#whole = told;
    if (this.#received) told();
  }

  /** Says that no more comes; a lane without END has failed. */
  complete(): void {
    if (this.#received) return;
    this.#received = true;
    this.fail(closed);
  }

  /**
   * Sends bytes past what a node stream does for each write; `taken` is called once all that was sent has left. Only where
   * nothing that was written waits.
   */
  send(bytes: Uint8Array, taken: () => void): void {
    this.#send(bytes);
    this.#taken.push(taken);
    this.#sent();
  }

  /** Ends both lanes: the one that is sent with ABORT, the one that is read with RESET, unless they have ended. */
  fail(fault: Fault): void {
    if (this.#fault !== undefined) return;
    this.#fault = fault;
    this.emit('fault');
    this.destroy();
    this.#wake();
    if (!this.#received) this.#account.reset(fault);
    this.#received = true;
  }

  pull(balance: number): Following<NetLane> | undefined {
    const frame = this.#queue.poll(balance);
    if (frame !== undefined) {
      if (this.#queue.empty) this.#flush();
      return frame;
    }
    if (this.#ended && this.#queue.empty) return end();
    return this.#fault === undefined ? undefined : abort(this.#fault);
  }

  reset(ext: unknown): Abort<Fault> {
    const fault = isFault(ext) ? ext : closed;
    this.fail(fault);
    return abort(fault);
  }

  override _read(): void {
    this.#account.owe(this.#unread);
    this.#unread = 0;
    this.#account.settle();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, flushed: () => void): void {
    this.#send(chunk);
    this.#flushed = flushed;
    this.#sent();
  }

  override _writev(chunks: { chunk: Uint8Array }[], flushed: () => void): void {
    for (const { chunk } of chunks) this.#send(chunk);
    this.#flushed = flushed;
    this.#sent();
  }

  override _final(flushed: () => void): void {
    this.#ended = true;
    // Node closes what is finished, and what was sent past it may still wait.
    this.#flushed = flushed;
    if (this.#queue.empty) this.#flush();
    this.#wake();
  }

  #send(chunk: Uint8Array): void {
    if (chunk.byteLength > 0) this.#queue.offer(data(chunk, chunk.byteLength));
  }

  #sent(): void {
    if (this.#queue.empty) this.#flush();
    else this.#wake();
  }

  #flush(): void {
    const flushed = this.#flushed;
    this.#flushed = undefined;
    flushed?.();
    if (this.#taken.length === 0) return;
    const taken = this.#taken;
    this.#taken = [];
    for (const each of taken) each();
  }
}

/** What a stream fails with when nothing better is known. */
export const closed = new SluiceError('NET_CLOSED', 'the connection was closed');

const isFault = (ext: unknown): ext is Fault =>
  typeof ext === 'object' && ext !== null && 'code' in ext && 'message' in ext;
