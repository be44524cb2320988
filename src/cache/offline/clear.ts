import { catchError, concatMap, defer, type Observable, of } from 'rxjs';
import { SluiceError } from '../../errors.ts';
import { openLevel } from '../level.ts';
import { refusalOf } from '../open-store.ts';
import { cacheAt } from './offline.ts';

/**
 * Removes what a directory holds, which no process may have open. Errors with CACHE_OPEN, CACHE_LOCKED, and CACHE_KIND for an
 * embedded log, the only copy there is, unless that is meant.
 */
export const clear = (path: string, { isEmbedded }: { readonly isEmbedded: boolean }): Observable<void> =>
  defer(() => {
    const { directory, kind } = cacheAt(path);
    if (kind === 'embedded' && !isEmbedded)
      throw new SluiceError(
        'CACHE_KIND',
        `${path} is an embedded log, the only copy of its topics: say --embedded to clear it`,
      );
    return openLevel(directory.store, { isSynced: false }).pipe(
      concatMap((store) => store.close()),
      // One that does not open is cleared as well.
      catchError((thrown: unknown) => {
        const refusal = refusalOf(directory, thrown);
        if (refusal !== undefined) throw refusal;
        return of(undefined);
      }),
      concatMap(() => {
        directory.empty();
        return of(undefined);
      }),
    );
  });
