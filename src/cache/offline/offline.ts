import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { catchError, concat, concatMap, defer, ignoreElements, map, type Observable, throwError } from 'rxjs';
import { SluiceError } from '../../errors.ts';
import { type CacheKind, Directory } from '../directory.ts';
import { openLevel } from '../level.ts';
import { damaged } from '../open-partition.ts';
import { causeOf, refusalOf } from '../open-store.ts';
import type { Store } from '../store.ts';

/** The store of a directory that no other process has open. */
export interface Offline {
  readonly directory: Directory;
  readonly kind: CacheKind;
  readonly store: Store;
}

export interface OfflineOptions {
  /** What is done about a store that does not open, before it is opened again; by default it is told. */
  readonly mend?: ((directory: Directory) => Observable<void>) | undefined;
}

/**
 * Does something with the store of a directory, and closes it. Errors with CACHE_OPEN where there is none or it cannot be used,
 * CACHE_LOCKED, CACHE_KIND, or, if it does not open and is the only copy, CACHE_DAMAGED.
 */
export const offline = <T>(
  path: string,
  work: (offline: Offline) => Observable<T>,
  { mend }: OfflineOptions = {},
): Observable<T> =>
  defer(() => {
    const { directory, kind } = cacheAt(path);
    const opened = openLevel(directory.store, { isSynced: true });
    const first = opened.pipe(
      catchError((thrown: unknown) => {
        const refusal = refusalOf(directory, thrown);
        if (refusal !== undefined) throw refusal;
        if (mend === undefined) throw unopened(directory, kind, causeOf(thrown).message);
        return mend(directory).pipe(concatMap(() => opened));
      }),
    );
    return first.pipe(
      concatMap((store) => {
        directory.sign(process.pid);
        return closing(
          store,
          defer(() => work({ directory, kind, store })),
        );
      }),
    );
  });

const closing = <T>(store: Store, work: Observable<T>): Observable<T> =>
  concat(
    work.pipe(catchError((thrown: unknown) => store.close().pipe(concatMap(() => throwError(() => thrown))))),
    defer(() => store.close()).pipe(
      map(() => undefined),
      ignoreElements(),
    ),
  );

/** What a directory holds. @throws SluiceError CACHE_OPEN where there is no cache, CACHE_KIND */
export function cacheAt(path: string): { readonly directory: Directory; readonly kind: CacheKind } {
  const directory = new Directory(path);
  const { kind } = directory;
  if (kind !== undefined && existsSync(directory.store)) return { directory, kind };
  const below = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? cachesBelow(path, DEPTH) : [];
  const hint = below.length > 0 ? `; there is ${below.join(', ')}` : '';
  throw new SluiceError('CACHE_OPEN', `${path} has no cache${hint}`);
}

/** A graph's bindings have theirs in a directory each, and graphs one each for all of them. */
const DEPTH = 2;

function cachesBelow(path: string, depth: number): string[] {
  if (depth === 0) return [];
  const folders = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name }) => {
    const below = join(path, name);
    const { kind } = new Directory(below);
    return kind === undefined ? cachesBelow(below, depth - 1) : [below];
  });
}

const unopened = ({ path }: Directory, kind: CacheKind, why: string): SluiceError =>
  kind === 'embedded'
    ? damaged(path, `the store (${why})`)
    : new SluiceError('CACHE_OPEN', `${path}: ${why}; a graph that uses it will begin it anew by itself`);
