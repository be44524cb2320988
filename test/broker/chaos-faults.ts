import { setTimeout as sleep } from 'node:timers/promises';
import { FrameFilter } from './frame-filter.ts';

const SLICES_PER_SECOND = 20;

/** The faults of one direction of a proxy, common to its connections. */
export class Faults {
  /** How much passes, in bytes per second and connection. */
  rate = Number.POSITIVE_INFINITY;
  /** How many bytes have passed. */
  passed = 0;
  #drops = 0;
  #flipIn: number | undefined;
  #stalled: Promise<void> | undefined;
  #resume = () => {};

  /** Holds back all bytes until `resume` or `heal`. */
  stall(): void {
    this.#stalled ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  /** Lets the bytes that were held back pass, in order. */
  resume(): void {
    this.#resume();
    this.#stalled = undefined;
  }

  /** Swallows the next `count` whole size-delimited frames that begin after this call, on any connection. */
  drop(count: number): void {
    this.#drops += count;
  }

  /** Inverts the byte that comes after `offset` more bytes, counted over all connections. */
  flip(offset: number): void {
    this.#flipIn = offset;
  }

  /** Ends every fault that is set; what was swallowed or flipped stays so. */
  heal(): void {
    this.rate = Number.POSITIVE_INFINITY;
    this.#drops = 0;
    this.#flipIn = undefined;
    this.resume();
  }

  /** The bytes of one connection in this direction, as the faults let them pass. */
  async *apply(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const frames = new FrameFilter(() => this.#takeDrop());
    for await (const chunk of source) {
      for (const kept of frames.filter(chunk)) yield* this.#pace(this.#flipped(kept));
    }
  }

  async *#pace(bytes: Buffer): AsyncGenerator<Buffer> {
    for (let rest = bytes; rest.length > 0; ) {
      await this.#stalled;
      const size = Math.min(rest.length, Math.max(1, Math.ceil(this.rate / SLICES_PER_SECOND)));
      if (Number.isFinite(this.rate)) await sleep((1000 * size) / this.rate);
      this.passed += size;
      yield rest.subarray(0, size);
      rest = rest.subarray(size);
    }
  }

  #takeDrop(): boolean {
    if (this.#drops === 0) return false;
    this.#drops--;
    return true;
  }

  #flipped(bytes: Buffer): Buffer {
    if (this.#flipIn === undefined) return bytes;
    if (this.#flipIn >= bytes.length) {
      this.#flipIn -= bytes.length;
      return bytes;
    }
    const copy = Buffer.from(bytes);
    copy[this.#flipIn]! ^= 0xff;
    this.#flipIn = undefined;
    return copy;
  }
}
