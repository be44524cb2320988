import { Subscription } from 'rxjs';
import type { Run } from '../run.ts';
import { below } from '../sorted.ts';
import { leftOut } from './left-out.ts';
import { type KeyedRecord, type Log, type LogIsolation, readableEnd } from './log.ts';

/**
 * Where a reader has all that there was when it began: at the end of its log then. That moves past what a record is passed
 * over for, so that the last of each key comes before it, unless it is the end of a snapshot.
 */
export class Ending<R extends KeyedRecord> {
  readonly #log: Log<R>;
  readonly #isolation: LogIsolation;
  readonly #until: bigint | 'latest' | undefined;
  #at: bigint | undefined;
  #held: Subscription | undefined;
  #isTold = false;

  /** @param until where to stop, if anywhere */
  constructor(log: Log<R>, isolation: LogIsolation, until: bigint | 'latest' | undefined) {
    this.#log = log;
    this.#isolation = isolation;
    this.#until = until;
  }

  /** Whether nothing at the end or behind it is sent. */
  get isBounded(): boolean {
    return this.#until !== undefined;
  }

  /** Whether it is said that it was reached. */
  get isTold(): boolean {
    return this.#isTold;
  }

  /** Where nothing is sent any more, as far as that is known. */
  get bound(): bigint | undefined {
    return this.isBounded ? this.#at : undefined;
  }

  /** Learns that the log is level; a snapshot is taken then. */
  level(): void {
    if (this.#isTold) return;
    this.#at = typeof this.#until === 'bigint' ? this.#until : readableEnd(this.#log.offsets, this.#isolation);
    if (!this.isBounded) return;
    this.release();
    this.#held = new Subscription();
    this.#held.add(this.#log.hold(this.#at));
  }

  /** The log was begun anew: what the end was is none any more. */
  forget(): void {
    this.#at = undefined;
  }

  /** Whether a reader at an offset has reached the end, and that is still to be said. */
  isDue(offset: bigint): boolean {
    if (this.#isTold || this.#at === undefined) return false;
    if (!this.isBounded && this.#log.cleaned > this.#at) this.#at = this.#log.cleaned;
    return offset >= this.#at;
  }

  tell(): void {
    this.#isTold = true;
    this.release();
  }

  /** Needs nothing of the log any more. */
  release(): void {
    this.#held?.unsubscribe();
    this.#held = undefined;
  }

  /** Whether what is passed over from an offset on can move it. */
  #canMove(from: bigint): boolean {
    const at = this.#at;
    return !this.#isTold && !this.isBounded && at !== undefined && from < at && this.#log.offsets.lastStableOffset > at;
  }

  /** Learns that of all records from an offset up to another only the current ones are sent. */
  pass(all: Run<R>, current: Run<R> | undefined, from: bigint, to: bigint): void {
    const { index } = this.#log;
    if (current === all || index === undefined || !this.#canMove(from)) return;
    const { offsets, newest } = leftOut(all, current, index);
    for (let at = below(offsets, Number(from)); at < offsets.length; at += 1) {
      const offset = offsets[at] as number;
      if (offset >= to || offset >= (this.#at as bigint)) return;
      if ((newest[at] as number) >= (this.#at as bigint)) this.#past(BigInt(newest[at] as number));
    }
  }

  /** Learns that everything is passed over from an offset on, up to the newest record of a key. */
  jump(from: bigint, newest: bigint): void {
    if (this.#canMove(from)) this.#past(newest);
  }

  #past(newest: bigint): void {
    if (newest >= (this.#at as bigint)) this.#at = newest + 1n;
  }
}
