import {
  BehaviorSubject,
  catchError,
  concatMap,
  defer,
  filter,
  type Observable,
  type SchedulerLike,
  type Subscription,
  take,
  throwError,
} from 'rxjs';
import { SluiceError } from '../errors.ts';
import type { CacheEvent } from './events.ts';
import type { Entry, KeyRange, Store, Write } from './store.ts';

export interface GuardedStoreOptions {
  readonly directory: string;
  readonly open: () => Observable<Store>;
  /** Emits whether there is room to write again. */
  readonly hasRoom: () => Observable<boolean>;
  readonly scheduler: SchedulerLike;
  readonly notify: (event: CacheEvent) => void;
  /** Told that it does not open again, so that nothing is read or written any more. */
  readonly lost: (thrown: unknown) => void;
}

/** How long until it is looked whether there is room again, in milliseconds. */
export const PROBE = 5_000;

/**
 * A store that stays readable when it cannot be written. A write that fails may have left a part of itself in the file
 * that LevelDB goes on writing to, so nothing more is written until there is room and the store was opened anew.
 */
export class GuardedStore implements Store {
  readonly #options: GuardedStoreOptions;
  readonly #store: BehaviorSubject<Store | undefined>;
  #fault: SluiceError | undefined;
  #work: Subscription | undefined;
  #isClosed = false;

  constructor(store: Store, options: GuardedStoreOptions) {
    this.#store = new BehaviorSubject<Store | undefined>(store);
    this.#options = options;
  }

  /** Why nothing can be written. */
  get fault(): SluiceError | undefined {
    return this.#fault;
  }

  get(key: Uint8Array): Observable<Uint8Array | undefined> {
    return this.#with((store) => store.get(key));
  }

  list(range: KeyRange, limit: number, isReverse?: boolean): Observable<readonly Entry[]> {
    return this.#with((store) => store.list(range, limit, isReverse));
  }

  write(writes: readonly Write[]): Observable<void> {
    return this.#change((store) => store.write(writes));
  }

  clear(range: KeyRange): Observable<void> {
    return this.#change((store) => store.clear(range));
  }

  compact(range: KeyRange): Observable<void> {
    return this.#with((store) => store.compact(range));
  }

  close(): Observable<void> {
    return defer(() => {
      this.#isClosed = true;
      // One that is being opened anew is closed once it is open.
      if (this.#store.value !== undefined) this.#work?.unsubscribe();
      return this.#with((store) => store.close());
    });
  }

  #change(work: (store: Store) => Observable<void>): Observable<void> {
    return this.#with((store) => {
      const known = this.#fault;
      if (known !== undefined) return throwError(() => known);
      return work(store).pipe(
        catchError((thrown: unknown) => {
          throw this.#fail(thrown);
        }),
      );
    });
  }

  #with<T>(work: (store: Store) => Observable<T>): Observable<T> {
    return this.#store.pipe(
      filter((store) => store !== undefined),
      take(1),
      concatMap(work),
    );
  }

  #fail(thrown: unknown): SluiceError {
    const { directory, notify } = this.#options;
    if (this.#fault !== undefined) return this.#fault;
    const why = thrown instanceof Error ? thrown.message : `${thrown}`;
    const fault = new SluiceError('CACHE_WRITE', `${directory}: ${why}`, { cause: thrown });
    // What is still being written when it is closed fails for no other reason, and nothing is to be opened again.
    if (this.#isClosed) return fault;
    this.#fault = fault;
    notify({ event: 'degraded', fault });
    if ((thrown as NodeJS.ErrnoException).code === 'LEVEL_CORRUPTION') this.#options.lost(thrown);
    else this.#probeLater();
    return fault;
  }

  #probeLater(): void {
    this.#work = this.#options.scheduler.schedule(() => this.#probe(), PROBE);
  }

  #probe(): void {
    this.#work = this.#options.hasRoom().subscribe({
      next: (hasRoom) => (hasRoom ? this.#openAgain() : this.#probeLater()),
      error: () => this.#probeLater(),
    });
  }

  #openAgain(): void {
    const { open, notify, lost } = this.#options;
    const store = this.#store.value as Store;
    this.#store.next(undefined);
    this.#work = store
      .close()
      .pipe(concatMap(open))
      .subscribe({
        next: (opened) => {
          this.#fault = undefined;
          this.#store.next(opened);
          notify({ event: 'recovered' });
        },
        error: lost,
      });
  }
}
