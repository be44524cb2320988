import { catchError, defer, EMPTY, finalize, type Observable, of, tap } from 'rxjs';
import type { KeyFollower } from './key-follower.ts';
import { saveKeys } from './key-snapshots.ts';
import type { PartitionStore } from './partition-store.ts';

/** How many offsets an index may be ahead of what is stored of it, or half of its keys if that is more. */
const UNSAVED = 1 << 18;

/** Stores a key index now and then, so that little has to be read to have it again. */
export class KeyKeeper {
  readonly #data: PartitionStore;
  readonly #secret: Uint8Array;
  #keys: KeyFollower | undefined;
  /** What is stored covers, if anything is. */
  #saved: bigint | undefined;
  #isSaving = false;

  constructor(data: PartitionStore, secret: Uint8Array) {
    this.#data = data;
    this.#secret = secret;
  }

  /** Keeps another index, of which what is stored covers so much. */
  follow(keys: KeyFollower | undefined, saved: bigint | undefined): void {
    this.#keys = keys;
    this.#saved = saved;
  }

  /** Stores it if it has seen much since that was done last. That this fails is told by the store. */
  keep(): void {
    const keys = this.#keys;
    if (keys === undefined || this.#isSaving) return;
    const behind = Number(keys.position - (this.#saved ?? this.#data.state.begin));
    if (behind < Math.max(UNSAVED, keys.table.size / 2)) return;
    this.#isSaving = true;
    const saved = finalize(() => {
      this.#isSaving = false;
    });
    this.save()
      .pipe(
        catchError(() => EMPTY),
        saved,
      )
      .subscribe();
  }

  /** Stores it as it is. */
  save(): Observable<void> {
    return defer(() => {
      const keys = this.#keys;
      if (keys === undefined || keys.position === this.#saved) return of(undefined);
      const { store, place } = this.#data;
      const covers = keys.position;
      return saveKeys(store, place, keys.table, covers, this.#secret).pipe(
        tap(() => {
          if (this.#keys === keys) this.#saved = covers;
        }),
      );
    });
  }
}
