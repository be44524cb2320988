import { catchError, EMPTY, finalize, map, type Observable, of } from 'rxjs';
import type { KeyFollower } from './key-follower.ts';
import { ENTRY_BYTES } from './key-index.ts';
import { saveKeys } from './key-snapshots.ts';
import { snapshotsOf } from './keys.ts';
import { earlier, later } from './offsets.ts';
import type { PartitionStore } from './partition-store.ts';
import { Serial } from './serial.ts';

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
  /** How many offsets of the log it has seen since one was stored, or was to be, and bytes; and up to where they are counted. */
  #offsets = 0;
  #bytes = 0;
  #counted: bigint | undefined;
  /** One is stored after the other, since their parts would stand in each other's place. */
  readonly #serial = new Serial();
  #isSaving = false;

  constructor(data: PartitionStore, secret: Uint8Array, saved: bigint | undefined) {
    this.#data = data;
    this.#secret = secret;
    this.#saved = saved;
    this.#counted = saved;
  }

  save(keys: KeyFollower | undefined): Observable<void> {
    return this.#serial.run(() => {
      const { store, place } = this.#data;
      // One that is not whole is found again not to be.
      if (keys === undefined || keys.table.isPartial) return of(undefined);
      this.#attend(keys);
      if (keys.position === this.#saved) return of(undefined);
      const covers = keys.position;
      return saveKeys(store, place, keys.table, covers, this.#secret).pipe(
        map((isStored) => {
          if (this.#keys === keys) this.#begin(isStored ? covers : this.#saved, covers);
        }),
      );
    });
  }

  /** Removes what is stored, be it of when the topic was compacted: the log will have other records where it covers some. */
  forget(): Observable<void> {
    return this.#serial.run(() => {
      const { store, place } = this.#data;
      this.#begin(undefined, undefined);
      return store.clear(snapshotsOf(place));
    });
  }

  /** Saves what there is, if that is much more than what is stored. */
  keepUp(keys: KeyFollower): void {
    if (this.#isSaving || keys.table.isPartial || !this.#isFarBehind(keys)) return;
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
    this.#attend(keys);
    const counted = this.#counted ?? state.begin;
    for (const { from, to, bytes } of rows.between(counted, position))
      this.#bytes += bytes * (Number(earlier(to, position) - later(from, counted)) / Number(to - from));
    this.#offsets += Number(position - counted);
    this.#counted = position;
    if (this.#offsets >= Math.max(UNSAVED, table.size / 2)) return true;
    return this.#bytes >= Math.max(UNSAVED_BYTES, UNSAVED_SNAPSHOTS * table.size * ENTRY_BYTES);
  }

  /** @param counted from where on what is seen counts as not stored */
  #begin(saved: bigint | undefined, counted: bigint | undefined): void {
    this.#saved = saved;
    this.#counted = counted;
    this.#offsets = 0;
    this.#bytes = 0;
  }

  /** Of another index nothing is stored. */
  #attend(keys: KeyFollower): void {
    if (this.#keys !== undefined && this.#keys !== keys) this.#begin(undefined, undefined);
    this.#keys = keys;
  }
}
