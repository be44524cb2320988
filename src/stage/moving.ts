import type { SchedulerLike, Subscription } from 'rxjs';
import type { StagedRecord } from './staged-record.ts';

export interface MovingOptions {
  /** The lane's share of memory, in bytes. */
  readonly window: number;
  /** Whether all of its records go to one partition. */
  readonly isSingle: boolean;
  readonly scheduler: SchedulerLike;
  /** Told that a record waited in vain. */
  readonly overdue: () => void;
}

/**
 * For how long an unfinished record waits for the answers to those before it, in milliseconds, when it has used the
 * window up only together with them: they come sooner than a file is written.
 */
const PATIENCE = 10;

/** Decides when what the unfinished record of a lane holds in memory is to be written. */
export class Moving {
  readonly #options: MovingOptions;
  #waiting: Subscription | undefined;
  #isOverdue = false;

  constructor(options: MovingOptions) {
    this.#options = options;
  }

  /** @param isUsedUp whether the sender has no credit; `before`: how many records before it are not answered */
  isDue(record: StagedRecord, isUsedUp: boolean, before: number): boolean {
    const { window, isSingle, scheduler, overdue } = this.#options;
    const isLarge = record.held * 2 >= window;
    if (record.file !== undefined) return record.isWhole || isLarge || (isUsedUp && record.held > 0);
    if (!isUsedUp || isLarge || before === 0) return isUsedUp;
    // It could not be sent before them, and their answers return the most of the window.
    if (isSingle) return false;
    if (this.#isOverdue) return true;
    this.#waiting ??= scheduler.schedule(() => {
      this.#waiting = undefined;
      this.#isOverdue = true;
      overdue();
      this.#isOverdue = false;
    }, PATIENCE);
    return false;
  }

  stop(): void {
    this.#waiting?.unsubscribe();
  }
}
