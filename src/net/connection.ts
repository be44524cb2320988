import type { Duplex } from 'node:stream';
import type { SchedulerLike, Subscription } from 'rxjs';
import type { Fault } from '../errors.ts';
import { Reader } from './reader.ts';
import { cutOff } from './sockets.ts';
import { Writer } from './writer.ts';

/** How long the peer has to close after its rest was refused and ours was written, in milliseconds. */
const LINGER_MS = 2_000;

export interface ConnectionOptions {
  /** How many bytes may wait to be written, an integer >= 1. */
  readonly window: number;
  /** Says why the stream broke; without an error, it was closed before its time. */
  readonly explain: (error?: Error) => Fault;
  readonly scheduler: SchedulerLike;
  /** Called when the stream is closed and its lane read to the end. */
  readonly over: () => void;
}

/**
 * A node stream between two lanes. Each direction ends on its own; the stream closes when both have ended, or when
 * either breaks. A direction that is refused is no longer read; once the other is written, what still comes is
 * thrown away for a moment, since closing a socket with unread bytes would take the last ones written with it.
 */
export class Connection {
  readonly reader: Reader;
  readonly writer: Writer;
  readonly #stream: Duplex;
  readonly #options: ConnectionOptions;
  #closed = false;
  #failed = false;
  #linger: Subscription | undefined;

  constructor(stream: Duplex, options: ConnectionOptions) {
    this.#stream = stream;
    this.#options = options;
    this.reader = new Reader(stream, options.scheduler, () => this.#check());
    this.writer = new Writer(stream, options.window);
    stream
      .on('error', (error: Error) => this.#fail(error))
      .on('finish', () => this.#check())
      .on('close', () => {
        this.#closed = true;
        this.#linger?.unsubscribe();
        if (!stream.readableEnded || !stream.writableFinished) this.#fail();
        this.#check();
      });
  }

  /** Whether the stream broke, or was cut off, before both its ends. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Whether the stream is closed and its lane read to the end. */
  get over(): boolean {
    return this.#closed && !this.reader.live;
  }

  /** Cuts the stream off. */
  destroy(): void {
    this.#linger?.unsubscribe();
    cutOff(this.#stream);
  }

  #fail(error?: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    const fault = this.#options.explain(error);
    this.reader.fail(fault);
    this.writer.fail(fault);
  }

  #check(): void {
    if (this.over) return this.#options.over();
    const { writableFinished, readableEnded, destroyed } = this.#stream;
    if (this.reader.live || !writableFinished || readableEnded || destroyed || this.#linger) return;
    this.#stream.resume();
    this.#linger = this.#options.scheduler.schedule(() => this.#stream.destroy(), LINGER_MS);
  }
}
