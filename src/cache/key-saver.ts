import { catchError, defer, EMPTY, finalize, type Observable, of, tap } from 'rxjs';
import type { KeyFollower } from './key-follower.ts';
import { ENTRY_BYTES } from './key-index.ts';
import { saveKeys } from './key-snapshots.ts';
import type { PartitionStore } from './partition-store.ts';

/** How many offsets the index may be ahead of what is stored of it, or half of its keys if that is more. */
const UNSAVED = 1 << 18;
/** How many bytes of the log, or so many times what is stored of the index if that is more. */
const UNSAVED_BYTES = 4 << 20;
const UNSAVED_SNAPSHOTS = 4;

/** Stores what the index of a partition has seen, so that it need not be read from the log when that is opened again. */
export class KeySaver {
  readonly #data: PartitionStore;
  readonly #secret: Uint8Array;
  /** Whose index was stored last; of a log that began anew, nothing was. */
  #keys: KeyFollower | undefined;
  /** What the index that is stored covers. */
  #saved: bigint | undefined;
  #isSaving = false;

  constructor(data: PartitionStore, secret: Uint8Array, saved: bigint | undefined) {
    this.#data = data;
    this.#secret = secret;
    this.#saved = saved;
  }

  save(keys: KeyFollower | undefined): Observable<void> {
    return defer(() => {
      const { store, place } = this.#data;
      // One that is not whole is found again not to be.
      if (keys === undefined || keys.table.isPartial || keys.position === this.#savedOf(keys)) return of(undefined);
      const covers = keys.position;
      return saveKeys(store, place, keys.table, covers, this.#secret).pipe(
        tap(() => {
          if (this.#keys === keys) this.#saved = covers;
        }),
      );
    });
  }

  /** Saves what there is, if that is much more than what is stored. */
  keepUp(keys: KeyFollower): void {
    if (this.#isSaving || !this.#isFarBehind(keys)) return;
    this.#isSaving = true;
    // That it cannot be stored is told by what it is derived from.
    this.save(keys)
      .pipe(
        catchError(() => EMPTY),
        finalize(() => {
          this.#isSaving = false;
        }),
      )
      .subscribe();
  }

  /** Whether to read the log on from what is stored takes long, beside reading what would be. */
  #isFarBehind(keys: KeyFollower): boolean {
    const { position, table } = keys;
    const { state, rows } = this.#data;
    const saved = this.#savedOf(keys) ?? state.begin;
    if (Number(position - saved) >= Math.max(UNSAVED, table.size / 2)) return true;
    let bytes = 0;
    for (const row of rows.between(saved, position)) bytes += row.bytes;
    return bytes >= Math.max(UNSAVED_BYTES, UNSAVED_SNAPSHOTS * table.size * ENTRY_BYTES);
  }

  #savedOf(keys: KeyFollower): bigint | undefined {
    if (this.#keys !== undefined && this.#keys !== keys) this.#saved = undefined;
    this.#keys = keys;
    return this.#saved;
  }
}
