import { defer, ignoreElements, type Observable, of, type SchedulerLike, throwError, timer } from 'rxjs';
import { SluiceError } from '../../../src/errors.ts';
import type { StagedFile, StageStore } from '../../../src/stage/store.ts';

/** Files in memory, which are written under virtual time. */
export class MemoryStore implements StageStore {
  readonly files = new Set<Uint8Array[]>();
  /** The most bytes that there ever were. */
  most = 0;
  /** How many files there ever were. */
  created = 0;
  /** Whether the disk fails. */
  isBroken = false;
  readonly #scheduler: SchedulerLike;
  readonly #latency: number;

  constructor(scheduler: SchedulerLike, latency = 1) {
    this.#scheduler = scheduler;
    this.#latency = latency;
  }

  get bytes(): number {
    return [...this.files].flat().reduce((sum, { length }) => sum + length, 0);
  }

  create(): StagedFile {
    const file: Uint8Array[] = [];
    this.files.add(file);
    this.created += 1;
    return {
      append: (pieces) =>
        defer((): Observable<never> => {
          if (this.isBroken) return throwError(() => new SluiceError('STAGE_DISK', 'the disk is broken'));
          if (this.files.has(file)) file.push(...pieces.map((piece) => new Uint8Array(piece)));
          this.most = Math.max(this.most, this.bytes);
          return timer(this.#latency, this.#scheduler).pipe(ignoreElements());
        }),
      read: (start, end) => defer(() => of(Buffer.concat(file).subarray(start, end))),
      remove: () => void this.files.delete(file),
    };
  }
}
