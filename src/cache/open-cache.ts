import { randomBytes } from 'node:crypto';
import { statfs } from 'node:fs';
import { catchError, concatMap, forkJoin, map, merge, Observable, of, type SchedulerLike, Subscriber } from 'rxjs';
import { SluiceError } from '../errors.ts';
import { listen } from '../listen.ts';
import { isFault } from '../protocol/kafka-error.ts';
import { eventLoop } from '../scheduler.ts';
import { Cache } from './cache.ts';
import { type CacheKind, Directory } from './directory.ts';
import type { CacheEvent } from './events.ts';
import { GuardedStore } from './guarded-store.ts';
import { secretKey } from './keys.ts';
import { openLevel, WRITE_BUFFER } from './level.ts';
import { Memory } from './memory.ts';
import { openStore } from './open-store.ts';
import { seal, unseal } from './sealed.ts';
import type { Store } from './store.ts';
import { type StoredTopics, storedTopics } from './stored-topics.ts';
import { sweep } from './sweep.ts';
import { INTERVAL, type Upkept, upkeep } from './upkeep.ts';

export interface CacheOptions {
  readonly kind: CacheKind;
  /** How many bytes of what was read last are kept in memory: 64 MiB by default. */
  readonly memory?: number;
  /** The most bytes that the records of a batch may inflate to, if those are not less than four times its own: 64 MiB by default. */
  readonly maxInflated?: number;
  readonly scheduler?: SchedulerLike;
  /** Told what happens to it that nobody asked for. */
  readonly notify?: (event: CacheEvent) => void;
  /** How long it rests between two looks at what is past retention or due to be cleaned, in milliseconds: 15 s by default. */
  readonly upkeepInterval?: number;
  /** Opens a store in a directory of its own: LevelDB by default. */
  readonly open?: (path: string) => Observable<Store>;
  /** Emits whether there is room to write again after a write failed: looks at the disk by default. */
  readonly hasRoom?: () => Observable<boolean>;
}

const MEMORY = 64 << 20;
const INFLATED = 64 << 20;

/** In how many looks at what is open there is one at what is not: every 5 minutes by default, as Kafka looks for what is old. */
const SWEEP = 20;

/**
 * The topics that a directory holds, opened and locked as long as this is subscribed to; emits once and never completes. Errors
 * with CACHE_LOCKED, CACHE_KIND, CACHE_OPEN, with CACHE_DAMAGED if it is embedded and does not open, and with CACHE_WRITE
 * if it does not open again after it could not be written.
 */
export const openCache = (path: string, options: CacheOptions): Observable<Cache> =>
  new Observable((out) => {
    const directory = new Directory(path);
    const { kind, notify = () => {}, scheduler = eventLoop, hasRoom = () => roomIn(path) } = options;
    const { upkeepInterval: interval = INTERVAL } = options;
    const isEmbedded = kind === 'embedded';
    const open = options.open ?? ((at: string) => openLevel(at, { isSynced: isEmbedded }));
    let cache: Cache | undefined;
    const lost = (thrown: unknown): void => {
      // What is broken of it is not known; a cache begins anew the next time.
      if (!isEmbedded) directory.breakOff();
      out.error(new SluiceError('CACHE_WRITE', `${path}: ${(thrown as Error).message}`, { cause: thrown }));
    };
    const cacheOf = ({ store, secret, topics, next }: Opened): Cache =>
      new Cache(topics, next, {
        store: new GuardedStore(store, {
          ...{ directory: path, open: () => open(directory.store), hasRoom, scheduler, notify, lost },
        }),
        ...{ directory: path, memory: new Memory(options.memory ?? MEMORY), scheduler, secret, isEmbedded, notify },
        maxInflated: options.maxInflated ?? INFLATED,
      });
    // Not undone with what it is for: a store that opens when nobody wants it any more has to be closed again.
    const life = new Subscriber<never>({ next() {}, error: (thrown: unknown) => out.error(thrown), complete() {} });
    listen(
      openStore(directory, {
        kind,
        open: (at) => open(at).pipe(concatMap((store) => read(store, isEmbedded))),
        notify,
      }),
      life,
      {
        next(opened) {
          if (out.closed) return void opened.store.close().subscribe({ error() {} });
          const ready = cacheOf(opened);
          cache = ready;
          const failed = ({ name }: Pick<Upkept, 'name'>, thrown: unknown): void => {
            if (!isFault(thrown)) throw thrown;
            notify({ event: 'upkeep', log: name, fault: thrown });
          };
          const slack = WRITE_BUFFER;
          const turns = merge(
            upkeep(() => ready.upkept, { scheduler, slack, failed, interval }),
            sweep(ready, { scheduler, failed, interval: SWEEP * interval }),
          );
          out.add(turns.subscribe({ error: (thrown) => out.error(thrown) }));
          out.next(cache);
        },
        complete() {},
      },
    );
    out.add(() => cache?.close());
  });

/** A store, and what is read of it at once. */
interface Opened extends StoredTopics {
  readonly store: Store;
  readonly secret: Uint8Array;
}

const read = (store: Store, isEmbedded: boolean): Observable<Opened> =>
  forkJoin([secretOf(store), storedTopics(store)]).pipe(
    map(([secret, topics]) => {
      // It would be begun anew under its name, as if there had been nothing.
      if (isEmbedded && topics.nameless.length > 0) throw new Error('the name of a topic is not what was written');
      return { store, secret, ...topics };
    }),
    catchError((thrown: unknown) =>
      store.close().pipe(
        map((): Opened => {
          throw thrown;
        }),
      ),
    ),
  );

/** Whether there is room for what is gathered in memory, twice, and for as much again. */
const roomIn = (path: string): Observable<boolean> =>
  new Observable((out) => {
    statfs(path, (error, stats) => {
      if (error) return out.error(error);
      out.next(stats.bavail * stats.bsize > 3 * WRITE_BUFFER);
      out.complete();
    });
  });

/** The store's random bytes, made at first. Other ones make what was derived by them void, and nothing else. */
export const secretOf = (store: Store): Observable<Uint8Array> =>
  store.get(secretKey).pipe(
    concatMap((stored) => {
      const known = unseal(secretKey, stored);
      if (known !== undefined) return of(known);
      const made = randomBytes(16);
      return store.write([{ key: secretKey, value: seal(secretKey, made) }]).pipe(map(() => made));
    }),
  );
