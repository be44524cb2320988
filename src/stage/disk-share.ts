import type { SchedulerLike } from 'rxjs';
import { Loop } from '../loop.ts';
import type { StagedRecord } from './staged-record.ts';

/**
 * One partition's share of the disk. Records that ask for room get it in turn. While it is full they wait, as long as
 * one that is whole will leave it; if none will, the youngest that is not whole is refused.
 */
export class DiskShare {
  readonly #size: number;
  readonly #loop: Loop;
  readonly #whole = new Set<StagedRecord>();
  readonly #unfinished = new Set<StagedRecord>();
  readonly #waiting = new Set<StagedRecord>();
  #used = 0;

  /** @param size in bytes */
  constructor(size: number, failed: (thrown: unknown) => void, scheduler: SchedulerLike) {
    this.#size = size;
    this.#loop = new Loop(() => this.#step(), failed, scheduler);
  }

  /** Whether a record waits for room. */
  awaits(record: StagedRecord): boolean {
    return this.#waiting.has(record);
  }

  /** Asks for room for what a record holds in memory; its owner is told when there is some, or that there is none. */
  ask(record: StagedRecord): void {
    this.#unfinished.add(record);
    this.#waiting.add(record);
    this.#loop.wake();
  }

  /** Takes back what a record has. */
  release(record: StagedRecord): void {
    if (!this.#whole.delete(record) && !this.#unfinished.delete(record)) return;
    this.#waiting.delete(record);
    this.#used -= record.staged;
    record.staged = 0;
    this.#loop.wake();
  }

  #step(): boolean {
    for (const record of this.#waiting) {
      if (this.#used + record.held <= this.#size) this.#admit(record);
      else if (this.#whole.size > 0) return false;
      else this.#refuse(record.staged + record.held > this.#size ? record : this.#youngest);
      return true;
    }
    return false;
  }

  #admit(record: StagedRecord): void {
    this.#waiting.delete(record);
    this.#used += record.held;
    record.staged += record.held;
    if (record.isWhole) {
      this.#unfinished.delete(record);
      this.#whole.add(record);
    }
    record.owner.admitted(record);
  }

  #refuse(record: StagedRecord): void {
    this.release(record);
    record.owner.full(record);
  }

  get #youngest(): StagedRecord {
    return [...this.#unfinished].reduce((one, other) => (other.age > one.age ? other : one));
  }
}
