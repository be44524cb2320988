import { catchError, defer, type Observable, tap, throwError } from 'rxjs';
import { SluiceError } from '../errors.ts';
import type { CacheKind, Directory } from './directory.ts';
import type { CacheEvent } from './events.ts';
import { damaged } from './open-partition.ts';

export interface OpenStoreOptions<T> {
  readonly kind: CacheKind;
  /** Opens what is at a path, and reads what nothing can be done without. */
  readonly open: (path: string) => Observable<T>;
  readonly notify: (event: CacheEvent) => void;
}

/** What says that the medium refuses, and nothing of what is in the store. */
const REFUSED = /No space left|Permission denied|Read-only file system|Too many open files|Operation not permitted/;

/**
 * Opens and locks the store of a directory. One that does not open is put aside if it is a cache, and made anew. Errors with
 * CACHE_LOCKED, CACHE_KIND, CACHE_OPEN, or CACHE_DAMAGED if it is the only copy.
 */
export const openStore = <T>(directory: Directory, { kind, open, notify }: OpenStoreOptions<T>): Observable<T> =>
  defer(() => {
    directory.prepare(kind);
    const opened = defer(() => open(directory.store));
    const anew = (why: string): Observable<T> => {
      if (kind === 'embedded') return throwError(() => damaged(directory.path, `the store (${why})`));
      notify({ event: 'set-aside', path: directory.putAside(), why });
      return opened;
    };
    const first = directory.isBroken ? anew('it could not be written') : opened;
    return first.pipe(
      catchError((thrown: unknown) => {
        const refusal = refusalOf(directory, thrown);
        return refusal === undefined ? anew(causeOf(thrown).message) : throwError(() => refusal);
      }),
      tap(() => directory.sign(process.pid)),
    );
  });

/** What keeps a store from being opened that says nothing of what is in it; nothing where the store itself does. */
export function refusalOf({ path, pid }: Directory, thrown: unknown): SluiceError | undefined {
  const { code, message } = causeOf(thrown);
  if (code === 'LEVEL_LOCKED')
    return new SluiceError(
      'CACHE_LOCKED',
      `${path} is open in process ${pid}: stop it, or use another directory (--dir)`,
    );
  return REFUSED.test(message) ? new SluiceError('CACHE_OPEN', `${path}: ${message}`, { cause: thrown }) : undefined;
}

/** What a store that does not open is locked by, or broken of. */
export function causeOf(thrown: unknown): { readonly code: string | undefined; readonly message: string } {
  const { cause = thrown } = thrown as { cause?: unknown };
  const { code, message } = cause as NodeJS.ErrnoException;
  return { code, message };
}
