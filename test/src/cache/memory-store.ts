import { defer, type Observable, of } from 'rxjs';
import type { Entry, KeyRange, Store, Write } from '../../../src/cache/store.ts';

/** A store in memory, which does all at once. */
export class MemoryStore implements Store {
  readonly #values = new Map<string, Uint8Array>();

  get(key: Uint8Array): Observable<Uint8Array | undefined> {
    return defer(() => of(this.#values.get(hex(key))));
  }

  list(range: KeyRange, limit: number, isReverse = false): Observable<readonly Entry[]> {
    return defer(() => {
      const found = this.#within(range).map((key) => ({
        key: Buffer.from(key, 'hex'),
        value: this.#values.get(key) as Uint8Array,
      }));
      return of((isReverse ? found.reverse() : found).slice(0, limit));
    });
  }

  write(writes: readonly Write[]): Observable<void> {
    return defer(() => {
      for (const { key, value } of writes) {
        if (value === undefined) this.#values.delete(hex(key));
        else this.#values.set(hex(key), value);
      }
      return of(undefined);
    });
  }

  clear(range: KeyRange): Observable<void> {
    return defer(() => {
      for (const key of this.#within(range)) this.#values.delete(key);
      return of(undefined);
    });
  }

  compact(): Observable<void> {
    return of(undefined);
  }

  close(): Observable<void> {
    return of(undefined);
  }

  #within({ from, to }: KeyRange): string[] {
    return [...this.#values.keys()].filter((key) => key >= hex(from) && key < hex(to)).sort();
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
