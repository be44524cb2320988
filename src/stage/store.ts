import type { Observable } from 'rxjs';

/** Where bodies wait that are too large for memory. */
export interface StageStore {
  /** A new file, which is empty. */
  create(): StagedFile;
}

/** One body. */
export interface StagedFile {
  /** Appends when subscribed to, which is not before the last has completed; completes once that is written. */
  append(pieces: readonly Uint8Array[]): Observable<never>;
  /** The bytes from `start` up to, not including, `end`, in one piece. */
  read(start: number, end: number): Observable<Uint8Array>;
  /** Removes it, if need be after what is under way. */
  remove(): void;
}
