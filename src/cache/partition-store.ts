import { catchError, map, type Observable, of, tap } from 'rxjs';
import { abortedKey, type Place, rowKey, stateKey } from './keys.ts';
import { type Row, type RowMeta, readRow, removalOf, writesOf } from './row.ts';
import { Rows } from './rows.ts';
import { bufferOf, seal } from './sealed.ts';
import { encodeState, type PartitionState } from './state.ts';
import type { Store, Write } from './store.ts';
import { type AbortedTransaction, Transactions } from './transactions.ts';

/** A change of a log: all of it is stored, or nothing. */
export interface Change {
  readonly state: PartitionState;
  /** Consecutive rows that go. */
  readonly old?: readonly RowMeta[];
  /** What comes in their place. */
  readonly rows?: readonly Row[];
  /** Transactions whose abort markers came. */
  readonly aborted?: readonly AbortedTransaction[];
}

/** What is stored of one partition, and what of that is kept in memory. */
export class PartitionStore {
  readonly store: Store;
  readonly partition: number;
  /** Whether a change failed to be stored since one was: it may be stored all the same. */
  isInDoubt = false;
  readonly #topic: number;
  #state: PartitionState;
  #rows: Rows;
  /** By number from the first on. */
  #aborted: AbortedTransaction[];

  constructor(
    store: Store,
    place: Place,
    state: PartitionState,
    rows: readonly RowMeta[],
    aborted: readonly AbortedTransaction[],
  ) {
    this.store = store;
    this.#topic = place.topic;
    this.partition = place.partition;
    this.#state = state;
    this.#rows = new Rows(rows);
    this.#aborted = [...aborted];
  }

  get state(): PartitionState {
    return this.#state;
  }

  get rows(): Rows {
    return this.#rows;
  }

  get place(): Place {
    return this.#placeOf(this.#state);
  }

  /** What messages name. */
  get name(): string {
    return `${this.#state.topic}/${this.partition}`;
  }

  /** The transactions as of what is stored. */
  transactions(): Transactions {
    return new Transactions(this.#state.end, this.#state.open, this.#aborted);
  }

  /** A row with its batches; nothing if it is not what was stored. */
  read(meta: RowMeta): Observable<Row | undefined> {
    const { place } = this;
    // What LevelDB itself cannot read any more is as good as gone.
    const stored = this.store.get(rowKey(place, meta.from)).pipe(catchError(() => of(undefined)));
    return stored.pipe(map((bytes) => readRow(place, meta, bytes, this.name)));
  }

  /** The last row below an offset that has batches. */
  readBefore(offset: bigint): Observable<Row | undefined> {
    const last = this.#rows.all.findLast(({ to, records }) => to <= offset && records > 0);
    return last === undefined ? of(undefined) : this.read(last);
  }

  /** Stores a change, and then takes it in. One is made at a time. */
  commit(change: Change): Observable<void> {
    return this.store.write(this.#writes(change)).pipe(
      tap({
        next: () => {
          this.isInDoubt = false;
          this.#apply(change);
        },
        error: () => {
          this.isInDoubt = true;
        },
      }),
    );
  }

  /** Takes over what was read again of the same partition. */
  adopt(read: PartitionStore): void {
    this.#state = read.#state;
    this.#rows = read.#rows;
    this.#aborted = read.#aborted;
    this.isInDoubt = false;
  }

  #writes({ state, old = [], rows = [], aborted = [] }: Change): Write[] {
    const place = this.#placeOf(state);
    const key = stateKey(this.#topic, this.partition);
    const writes: Write[] = [{ key, value: seal(key, encodeState(state)) }];
    for (const [index, one] of aborted.entries()) writes.push(abortedWrite(place, this.#state.aborted[1] + index, one));
    if (!this.#isSame(state)) return writes.concat(rows.flatMap((row) => writesOf(place, row)));
    for (let number = this.#state.aborted[0]; number < state.aborted[0]; number += 1)
      writes.push({ key: abortedKey(place, number) });
    const kept = new Set(rows.map(({ from }) => from));
    const gone = old.filter(({ from }) => !kept.has(from));
    return writes.concat(
      gone.flatMap((row) => removalOf(place, row)),
      rows.flatMap((row) => writesOf(place, row)),
    );
  }

  #apply({ state, old = [], rows = [], aborted = [] }: Change): void {
    const metas = rows.map(({ batches: _, ...meta }) => meta);
    if (this.#isSame(state)) {
      this.#rows.replace(old, metas);
      this.#aborted.splice(0, state.aborted[0] - this.#state.aborted[0]);
      this.#aborted.push(...aborted);
    } else {
      this.#rows = new Rows(metas);
      this.#aborted = [...aborted];
    }
    this.#state = state;
  }

  /** How many of the aborted transactions ended below an offset. */
  abortedBelow(offset: bigint): number {
    const index = this.#aborted.findIndex(({ markerOffset }) => markerOffset >= offset);
    return index < 0 ? this.#aborted.length : index;
  }

  #isSame({ generation }: PartitionState): boolean {
    return generation === this.#state.generation;
  }

  #placeOf({ generation }: PartitionState): Place {
    return { topic: this.#topic, partition: this.partition, generation };
  }
}

const ABORTED = 24;

function abortedWrite(place: Place, number: number, one: AbortedTransaction): Write {
  const key = abortedKey(place, number);
  const value = Buffer.alloc(ABORTED);
  value.writeBigInt64BE(one.producerId, 0);
  value.writeBigInt64BE(one.firstOffset, 8);
  value.writeBigInt64BE(one.markerOffset, 16);
  return { key, value: seal(key, value) };
}

/** The aborted transaction that such bytes, unsealed, tell of. */
export function abortedOfBytes(bytes: Uint8Array): AbortedTransaction {
  const value = bufferOf(bytes);
  return {
    producerId: value.readBigInt64BE(0),
    firstOffset: value.readBigInt64BE(8),
    markerOffset: value.readBigInt64BE(16),
  };
}
