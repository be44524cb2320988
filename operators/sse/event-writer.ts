import type { SchedulerLike, Subscription } from 'rxjs';
import { Account } from '../../src/credit.ts';
import { Deque } from '../../src/deque.ts';
import type { Source } from '../../src/emitter.ts';
import { type Abort, abort, data, type End, type Following, type Frame } from '../../src/frame.ts';
import type { NextTurn } from '../../src/next-turn.ts';
import type { Http, HttpFault } from '../../src/protocol/http.ts';
import type { Sse } from '../../src/protocol/sse.ts';
import { idOnly } from '../../src/protocol/sse-events.ts';
import { join } from './join.ts';

export interface EventWriterOptions {
  /** How many bytes of events may wait, an integer >= 1. */
  readonly window: number;
  /** How often a comment is sent when nothing else is, in milliseconds. */
  readonly heartbeat: number;
  readonly scheduler: SchedulerLike;
  /** When what has come is sent. */
  readonly turn: NextTurn;
}

/** Bytes that wait to be sent. */
interface Piece {
  readonly bytes: Uint8Array;
  /** The credit that goes back once they are. */
  readonly reserved: number;
  /** Whether it only moves the client's id, so that the next such takes its place. */
  readonly progress: boolean;
}

/** The events of one client, as the body of an answer: what waits is sent together, as far as credit goes. */
export class EventWriter implements Source<Http['reply']> {
  readonly #options: EventWriterOptions;
  readonly #account: Account;
  readonly #waiting = new Deque<Piece>();
  #size = 0;
  /** How much of the first piece is sent already. */
  #sent = 0;
  #terminal: End<undefined> | Abort<HttpFault> | undefined;
  #begun = false;
  #quiet = true;
  #flushing = false;
  #flush: () => void = () => {};

  constructor(options: EventWriterOptions) {
    this.#options = options;
    this.#account = new Account(options.window);
  }

  /** Whether the reply has begun. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Starts the heartbeats; `wake` brings a pull about. */
  start(wake: () => void): Subscription {
    const { heartbeat, scheduler } = this.#options;
    this.#flush = () => {
      this.#flushing = false;
      wake();
    };
    const writer = this;
    return scheduler.schedule(function beat() {
      writer.#beat();
      this.schedule(undefined, heartbeat);
    }, heartbeat);
  }

  /** Takes the next frame of the lane; its BEGIN tells the client to come back after `retry` milliseconds. */
  next(frame: Frame<Sse['reply']>, retry: number): void {
    switch (frame.kind) {
      case 'begin':
        this.#begun = true;
        this.#account.open(frame.control);
        this.#put(Buffer.from(`retry:${Math.round(retry)}\n\n`), 0);
        this.#account.settle();
        return;
      case 'data':
        this.#quiet = false;
        return this.#put(frame.payload.bytes, frame.reserved);
      case 'flush':
        this.#quiet = false;
        return this.#put(idOnly(frame.ext.id), 0, true);
      default:
        this.#terminal = frame;
        this.#wake();
    }
  }

  /** Sends bytes of the server's own. */
  say(bytes: Uint8Array): void {
    this.#quiet = false;
    this.#put(bytes, 0);
  }

  pull(balance: number): Following<Http['reply']> | undefined {
    if (this.#terminal?.kind === 'abort') return this.#terminal;
    if (this.#size === 0) return this.#terminal;
    if (balance <= 0) return undefined;
    const bytes = this.#take(Math.min(balance, this.#size));
    return data(bytes, bytes.byteLength);
  }

  idle(): boolean {
    return this.#account.settle();
  }

  reset(ext: unknown): Abort<HttpFault> {
    this.#account.reset(ext);
    return abort({ code: 'NET_CLOSED', message: 'the client left' });
  }

  #put(bytes: Uint8Array, reserved: number, progress = false): void {
    const { last } = this.#waiting;
    if (progress && last?.progress && this.#waiting.length > 1) {
      this.#size += bytes.byteLength - last.bytes.byteLength;
      this.#waiting.last = { bytes, reserved, progress };
    } else {
      this.#size += bytes.byteLength;
      this.#waiting.push({ bytes, reserved, progress });
    }
    this.#wake();
  }

  #wake(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#options.turn.add(this.#flush);
  }

  #beat(): void {
    if (this.#begun && this.#quiet && this.#size === 0) this.#put(COMMENT, 0);
    this.#quiet = true;
  }

  /** The first `size` bytes of what waits; a piece that leaves alone is not copied. */
  #take(size: number): Uint8Array {
    const pieces: Uint8Array[] = [];
    this.#size -= size;
    for (let left = size; left > 0; ) {
      const piece = this.#waiting.first as Piece;
      const rest = piece.bytes.byteLength - this.#sent;
      const taken = Math.min(rest, left);
      pieces.push(
        taken === piece.bytes.byteLength ? piece.bytes : piece.bytes.subarray(this.#sent, this.#sent + taken),
      );
      left -= taken;
      if (taken === rest) this.#shift(piece);
      else this.#sent += taken;
    }
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : join(pieces);
  }

  #shift({ reserved }: Piece): void {
    this.#waiting.shift();
    this.#sent = 0;
    this.#account.owe(reserved);
  }
}

const COMMENT = Buffer.from(':\n\n');
