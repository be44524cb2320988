import type { Readable } from 'node:stream';
import type { SchedulerLike, Subscriber } from 'rxjs';
import type { Source } from '../emitter.ts';
import type { Fault } from '../errors.ts';
import { Fifo } from '../flow/queue.ts';
import { type Abort, abort, data, type End, end, type Following } from '../frame.ts';
import type { NetLane } from '../protocol/net.ts';
import { confirmEnd } from './sockets.ts';

/**
 * What a node stream brings, as a lane. It reads on while nothing waits for credit, so it is at most one chunk ahead
 * of its receiver, and learns of the end, or of a reset, even where there is no credit.
 */
export class Reader implements Source<NetLane> {
  readonly #stream: Readable;
  readonly #scheduler: SchedulerLike;
  readonly #stopped: () => void;
  readonly #queue = new Fifo<NetLane>(() => {});
  #wake: () => void = () => {};
  #terminal: End<undefined> | Abort<Fault> | undefined;
  #live = false;
  #isLast = false;

  /** `stopped` is called once nothing will be read any more. */
  constructor(stream: Readable, scheduler: SchedulerLike, stopped: () => void) {
    this.#stream = stream;
    this.#scheduler = scheduler;
    this.#stopped = stopped;
  }

  /** Whether a lane is being read that is not over yet. */
  get live(): boolean {
    return this.#live;
  }

  /** Starts to read, until `out` ends. */
  start(wake: () => void, out: Subscriber<unknown>): this {
    this.#live = true;
    this.#wake = wake;
    this.#stream.on('data', this.#take).once('end', this.#end);
    this.#flow();
    out.add(() => this.#stop());
    return this;
  }

  /** Says that no more comes than is here, which is then read at once, so that its end is known. */
  last(): void {
    this.#isLast = true;
    if (this.#live) this.#flow();
  }

  /** Ends the lane with ABORT, unless it has ended. */
  fail(fault: Fault): void {
    this.#close(abort(fault));
  }

  pull(balance: number): Following<NetLane> | undefined {
    if (this.#terminal?.kind === 'abort') return this.#terminal;
    const frame = this.#queue.poll(balance);
    if (frame !== undefined) return frame;
    if (this.#queue.empty && this.#terminal !== undefined) return this.#terminal;
    this.#flow();
    return undefined;
  }

  readonly #take = (chunk: Uint8Array): void => {
    this.#queue.offer(data(chunk, chunk.byteLength));
    this.#wake();
    // The loop that pulls may be pausing; what the kernel still holds has to wait there, not here.
    if (this.#live && !this.#queue.empty) this.#flow();
  };

  readonly #end = (): void => confirmEnd(this.#stream, this.#scheduler, () => this.#close(end()));

  #flow(): void {
    const flowing = this.#isLast || this.#queue.empty;
    if (this.#stream.readableFlowing === flowing) return;
    if (flowing) this.#stream.resume();
    else this.#stream.pause();
  }

  #close(terminal: End<undefined> | Abort<Fault>): void {
    if (this.#terminal !== undefined) return;
    this.#terminal = terminal;
    this.#wake();
  }

  #stop(): void {
    this.#live = false;
    this.#stream.off('data', this.#take).pause();
    this.#stopped();
  }
}
