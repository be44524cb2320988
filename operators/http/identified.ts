import { catchError, concatMap, defaultIfEmpty, defer, forkJoin, map, type Observable, of, take } from 'rxjs';
import { isFault } from '../../src/errors.ts';
import { abort, type Begin, begin } from '../../src/frame.ts';
import type { Authorization, Guard, Identity } from '../../src/protocol/guard.ts';
import { type Http, type HttpBegin, type HttpHeader, headerOf, pathOf, queryOf } from '../../src/protocol/http.ts';
import type { Binding } from '../../src/protocol.ts';
import { route } from '../flow/route.ts';
import { Renewals } from './renewals.ts';

/** Where the credentials of a request may be: names, each with what stands there, such as `Bearer {credentials}`. */
export interface CredentialPlaces {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
}

/** Guards by their names, and where each finds the credentials that it judges. */
export type Credentials = Readonly<Record<string, { readonly guard: Guard; readonly credentials: CredentialPlaces }>>;

/**
 * Lets guards look at a request before it is passed on, and notes in its BEGIN whom they recognised. It refuses nobody, but
 * that a request is answered with 503 while a guard that it shows something to cannot judge. A client that shows itself
 * anew, for a stream that is open, is answered here.
 *
 * The headers and the params of the query that guards look at go no further: what is behind may keep them, or let others
 * read them.
 */
export const identified =
  (guards: Credentials) =>
  (exit: Binding<Http>): Binding<Http> => {
    const renewals = new Renewals();
    const passedOn = withoutCredentials(Object.values(guards).map(({ credentials }) => credentials));

    const judged = ({ ext, control }: Begin<HttpBegin>): Observable<Judged> =>
      authorizationOf(guards, ext.headers).pipe(
        map((found) => {
          const answer = renewals.answer(ext, found);
          if (answer !== undefined) return { opening: begin(ext, control), exit: answer };
          const { authorization, exit: open } = renewals.begin(found, exit);
          return { opening: begin({ ...ext, headers: passedOn(ext.headers), authorization }, control), exit: open };
        }),
        catchError((thrown) => {
          if (!isFault(thrown)) throw thrown;
          return of({ opening: begin(ext, control), exit: () => of(abort(thrown)) });
        }),
      );

    return (initial) =>
      defer(() => {
        let chosen = exit;
        return initial.pipe(
          concatMap((frame) => {
            if (frame.kind !== 'begin') return of(frame);
            return judged(frame).pipe(
              map(({ opening, exit }) => {
                chosen = exit;
                return opening;
              }),
            );
          }),
          route(() => chosen),
        );
      });
  };

/** A request that guards have looked at, and what takes it. */
interface Judged {
  readonly opening: Begin<HttpBegin>;
  readonly exit: Binding<Http>;
}

function authorizationOf(guards: Credentials, headers: readonly HttpHeader[]): Observable<Authorization> {
  const found = Object.entries(guards).flatMap(([name, { guard, credentials: places }]) => {
    const credentials = credentialsOf(places, headers);
    if (credentials === undefined) return [];
    const answer = guard.identify(credentials).pipe(take(1), defaultIfEmpty(undefined));
    return [answer.pipe(map((identity): readonly [string, Identity][] => (identity ? [[name, identity]] : [])))];
  });
  return forkJoin(found).pipe(
    defaultIfEmpty([]),
    map((all) => new Map(all.flat())),
  );
}

/** Headers without those that have credentials, but for cookies, and with a `:path` without them. */
function withoutCredentials(
  places: readonly CredentialPlaces[],
): (headers: readonly HttpHeader[]) => readonly HttpHeader[] {
  const names = new Set(places.flatMap(({ headers = {} }) => Object.keys(headers).map((name) => name.toLowerCase())));
  const params = new Set(places.flatMap(({ query = {} }) => Object.keys(query)));
  const isSecret = (pair: string): boolean => [...new URLSearchParams(pair).keys()].some((name) => params.has(name));
  const without = (target: string): string => {
    const path = pathOf(target);
    const pairs = target.slice(path.length + 1).split('&');
    const kept = pairs.filter((pair) => !isSecret(pair));
    if (kept.length === pairs.length) return target;
    return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
  };
  return (headers) =>
    headers
      .filter(({ name }) => !names.has(name))
      .map((header) => (header.name === ':path' ? { name: header.name, value: without(header.value) } : header));
}

/** The credentials of a request, from the first place that has any. */
export function credentialsOf(
  { headers: inHeaders = {}, query: inQuery = {}, cookies: inCookies = {} }: CredentialPlaces,
  headers: readonly HttpHeader[],
): string | undefined {
  const query = queryOf(headerOf(headers, ':path') ?? '');
  const cookies = headers.filter(({ name }) => name === 'cookie').flatMap(({ value }) => value.split(/; */));
  const cookieOf = (name: string): string | undefined =>
    cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
  const places = [
    ...Object.entries(inHeaders).map(([name, form]) => [headerOf(headers, name.toLowerCase()), form] as const),
    ...Object.entries(inQuery).map(([name, form]) => [query.get(name) ?? undefined, form] as const),
    ...Object.entries(inCookies).map(([name, form]) => [cookieOf(name), form] as const),
  ];
  for (const [value, form] of places) {
    const credentials = value === undefined ? undefined : within(form, value);
    if (credentials) return credentials;
  }
  return undefined;
}

/** What stands in place of `{credentials}`. The words around it may be of any letter case, as `Bearer` may. */
function within(form: string, value: string): string | undefined {
  const [before = '', after = ''] = form.split('{credentials}');
  const text = value.toLowerCase();
  if (!text.startsWith(before.toLowerCase()) || !text.endsWith(after.toLowerCase())) return undefined;
  return value.slice(before.length, value.length - after.length);
}
