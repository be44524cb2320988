import { concatMap, defaultIfEmpty, forkJoin, map, type Observable, of, take } from 'rxjs';
import { begin } from '../../src/frame.ts';
import type { Authorization, Guard, Identity } from '../../src/protocol/guard.ts';
import { type Http, type HttpHeader, headerOf, queryOf } from '../../src/protocol/http.ts';
import type { Binding } from '../../src/protocol.ts';

/** Where the credentials of a request may be: names, each with what stands there, such as `Bearer {credentials}`. */
export interface CredentialPlaces {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
}

/** Guards by their names, and where each finds the credentials that it judges. */
export type Credentials = Readonly<Record<string, { readonly guard: Guard; readonly credentials: CredentialPlaces }>>;

/** Lets guards look at a request before it is passed on, and notes in its BEGIN whom they recognised. It refuses nobody. */
export const identified =
  (guards: Credentials) =>
  (exit: Binding<Http>): Binding<Http> =>
  (initial) =>
    exit(
      initial.pipe(
        concatMap((frame) =>
          frame.kind === 'begin'
            ? authorizationOf(guards, frame.ext.headers).pipe(
                map((authorization) => begin({ ...frame.ext, authorization }, frame.control)),
              )
            : of(frame),
        ),
      ),
    );

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
