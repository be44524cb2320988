import type { SchedulerLike, Subscription } from 'rxjs';
import type { Progress } from '../marks.ts';

/** How many records may be passed over, and for how long, in milliseconds, before it is told how far that went. */
export const MOST_PASSED = 10_000;
export const LONGEST_SILENCE = 5_000;
/** How long many that wait together are not told again, in milliseconds: at a high rate it would be more than what is sent. */
export const LEAST_SILENCE = 1_000;

/** How far a partition was read, and how far its receiver can tell by the records that it has. */
export class Position {
  readonly #partition: number;
  readonly #scheduler: SchedulerLike;
  readonly #tell: (mark: Progress) => void;
  #offset: bigint | undefined;
  #told = 0n;
  #passed = 0;
  #silence: Subscription | undefined;

  topicId = '';

  /** @param tell puts a progress mark behind all that was sent */
  constructor(partition: number, tell: (mark: Progress) => void, scheduler: SchedulerLike) {
    this.#partition = partition;
    this.#tell = tell;
    this.#scheduler = scheduler;
  }

  /** The next offset to read; unknown before `start`. */
  get offset(): bigint | undefined {
    return this.#offset;
  }

  /** Begins at an offset, which the receiver is told in another way. */
  start(offset: bigint): void {
    this.#offset = offset;
    this.#told = offset;
  }

  /** The record before `offset` was sent. */
  sent(offset: bigint): void {
    this.start(offset);
    this.#passed = 0;
  }

  /** So many records are not sent. */
  pass(records: number): void {
    this.#passed += records;
  }

  /** Nothing before `offset` is sent, however much of that there is. */
  skip(offset: bigint): void {
    this.pass(Number(offset - (this.#offset ?? offset)));
    this.reach(offset);
  }

  /** All before `offset` is sent or passed over. */
  reach(offset: bigint): void {
    this.#offset = offset;
    if (this.#passed >= MOST_PASSED) this.tell();
    else if (offset > this.#told) this.#silence ??= this.#scheduler.schedule(() => this.tell(), LONGEST_SILENCE);
  }

  /** Tells how far that went, if the receiver cannot know. */
  tell(): void {
    this.close();
    this.#passed = 0;
    if (this.#offset === undefined || this.#offset <= this.#told) return;
    this.#told = this.#offset;
    const offsets = new Map([[this.#partition, this.#offset]]);
    this.#tell({ mark: 'progress', partition: this.#partition, topicId: this.topicId, offsets });
  }

  /** Forgets what is due by time. */
  close(): void {
    this.#silence?.unsubscribe();
    this.#silence = undefined;
  }
}
