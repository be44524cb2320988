import { concat, filter, map, merge, NEVER, type Observable, of, type SchedulerLike, switchMap, take } from 'rxjs';
import { atTime } from '../at-time.ts';
import { SluiceError } from '../errors.ts';
import type { Lane, Protocol } from '../protocol.ts';
import { type HttpFault, httpFault } from './http.ts';

/** Whom a guard recognised. */
export interface Identity {
  /** Who it is; `undefined` where the guard does not tell. */
  readonly identity: string | undefined;
  /** What it was recognised by: never to be shown. */
  readonly credentials?: string;
  /** What it may do. */
  readonly roles: readonly string[];
  /** What else the guard knows of it. */
  readonly attributes: Readonly<Record<string, string>>;
  /** When it ceases to be known, in milliseconds since 1970; never, by default. */
  readonly expires?: number;
  /** How long before that a client that listens is asked to show itself anew, in milliseconds; it is not, by default. */
  readonly challenge?: number;
  /** How it shows itself anew while its stream is open. */
  readonly renewal?: Renewal;
}

export interface Renewal {
  /** What names the stream: only its client is told. */
  readonly id: string;
  /** The same one by what it shows anew, each time that it does. */
  readonly renewed: Observable<Identity>;
}

/** How a client shows itself anew: with a request of its own that says which stream it is for. */
export const CHALLENGE_RESPONSE = {
  method: 'POST',
  contentType: 'application/x-challenge-response',
  /** The header that has the id of the renewal. */
  idHeader: 'challenge-id',
} as const;

/** What guards found of a request, by their names. A guard that recognised nobody is not among them. */
export type Authorization = ReadonlyMap<string, Identity>;

/** Says who shows what credentials. */
export interface Guard {
  /**
   * Whom the credentials are of, once; `undefined` where nobody is recognised by them. Errors with a fault where that
   * cannot be said for now.
   */
  identify(credentials: string): Observable<Identity | undefined>;
  /** Who this graph itself is to others, where nobody has shown anything; nobody, by default. */
  readonly own?: Identity;
}

/** The guards to pass, all of them, each with the roles that it asks for. */
export type Guarded = Readonly<Record<string, readonly string[]>>;

/** What streams speak that can be guarded. */
export interface GuardedProtocol extends Protocol {
  readonly initial: Lane & { readonly begin: { readonly authorization?: Authorization } };
}

/** Why a stream may not pass; `undefined` if it may. */
export function refusalOf(guarded: Guarded, authorization: Authorization | undefined): HttpFault | undefined {
  for (const [guard, roles] of Object.entries(guarded)) {
    const identity = authorization?.get(guard);
    if (identity === undefined) return unauthorized(`guard ${guard} recognised nobody`);
    if (!hasAll(roles, identity)) return httpFault('HTTP_FORBIDDEN', `guard ${guard} asks for other roles`);
  }
  return undefined;
}

/** The fault of one who is not recognised, and is asked to be. */
export const unauthorized = (detail: string): HttpFault => httpFault('HTTP_UNAUTHORIZED', detail);

const hasAll = (roles: readonly string[], identity: Identity): boolean =>
  roles.every((role) => identity.roles.includes(role));

/** Why a stream that passed may not go on, once that is so. */
export const expiryOf = (
  guarded: Guarded,
  authorization: Authorization | undefined,
  scheduler: SchedulerLike,
): Observable<HttpFault> =>
  merge(
    ...Object.entries(guarded).map(([guard, roles]) => {
      const identity = authorization?.get(guard);
      if (identity === undefined) return NEVER;
      return statesOf(identity).pipe(
        filter((state) => hasAll(roles, state)),
        switchMap(({ expires }) => (expires === undefined ? NEVER : atTime(expires, scheduler))),
        map(() => new SluiceError('GUARD_EXPIRED', `guard ${guard} does not know the client any more`)),
      );
    }),
  );

/** As one is known, and as it is each time that it has shown itself anew. */
export const statesOf = (identity: Identity): Observable<Identity> =>
  concat(of(identity), identity.renewal?.renewed ?? NEVER);

/** One as it is known now, once. */
export const nowOf = (identity: Identity): Observable<Identity> =>
  merge(identity.renewal?.renewed ?? NEVER, of(identity)).pipe(take(1));
