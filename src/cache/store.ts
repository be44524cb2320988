import type { Observable } from 'rxjs';

/** A value that is to stand at a key; without one, nothing is to. */
export interface Write {
  readonly key: Uint8Array;
  readonly value?: Uint8Array;
}

/** All keys from `from` up to, not including, `to`. */
export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * A place for bytes under keys that are ordered byte by byte. Each Observable does its work when it is subscribed to, emits
 * once and completes; what the medium refuses is an error.
 */
export interface Store {
  get(key: Uint8Array): Observable<Uint8Array | undefined>;
  /** At most `limit` entries, the first or, in reverse, the last ones first. */
  list(range: KeyRange, limit: number, isReverse?: boolean): Observable<readonly Entry[]>;
  /** Writes all or nothing. */
  write(writes: readonly Write[]): Observable<void>;
  /** Removes what is in a range, not all at once. */
  clear(range: KeyRange): Observable<void>;
  /** Gives the space of a range back in which much was removed. */
  compact(range: KeyRange): Observable<void>;
  close(): Observable<void>;
}
