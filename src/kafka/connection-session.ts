import { concatMap, defer, EMPTY, expand, finalize, map, type Observable, of, type SchedulerLike, timer } from 'rxjs';
import type { Call } from './connection-call.ts';
import type { Exchange } from './connection-exchange.ts';
import { negotiated, versionsOf } from './connection-versions.ts';
import { apiVersions, UNSUPPORTED_VERSION, type Versions } from './requests/api-versions.ts';
import { type Ask, authenticate, type Sasl } from './sasl.ts';

export interface SessionOptions {
  readonly sasl: Sasl | undefined;
  /** For each request, in milliseconds. */
  readonly timeout: number;
  readonly scheduler: SchedulerLike;
}

/** When to authenticate again, as a part of the session's lifetime; KIP-368 has clients choose from 0.85 to 0.95. */
const RENEW_AT = 0.85;
const LONGEST_TIMER = 2 ** 31 - 1;

const SOFTWARE = { software: 'sluice', version: '0' };

/**
 * Learns what the broker speaks (KIP-511) and authenticates; emits the former when that is done, and again each time
 * that it has authenticated anew, which it does before the session ends (KIP-368). Meanwhile all other requests wait.
 */
export const sessions = (
  exchange: Exchange,
  call: Call,
  { sasl, timeout, scheduler }: SessionOptions,
): Observable<Versions> => {
  const authenticated = (spoken: Versions): Observable<number> => {
    if (sasl === undefined) return of(0);
    const ask: Ask = (api, body) => defer(() => call(api, negotiated(api, spoken), body, { urgent: true, timeout }));
    return defer(() => {
      exchange.hold(true);
      return authenticate(sasl, ask).pipe(finalize(() => exchange.hold(false)));
    });
  };
  const renewals = (spoken: Versions, lifetime: number): Observable<number> =>
    lifetime === 0
      ? EMPTY
      : timer(Math.min(lifetime * RENEW_AT, LONGEST_TIMER), scheduler).pipe(concatMap(() => authenticated(spoken)));

  return call(apiVersions, 3, SOFTWARE, { timeout }).pipe(
    concatMap((answer) =>
      answer.error === UNSUPPORTED_VERSION ? call(apiVersions, 0, SOFTWARE, { timeout }) : of(answer),
    ),
    map(versionsOf),
    concatMap((spoken) =>
      authenticated(spoken).pipe(
        expand((lifetime) => renewals(spoken, lifetime)),
        map(() => spoken),
      ),
    ),
  );
};
