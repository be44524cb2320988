import { emitter } from '../../src/emitter.ts';
import { abort, begin, end } from '../../src/frame.ts';
import { operate } from '../../src/listen.ts';
import { type Http, type HttpHeader, headerOf, headersOf, httpFault, statusOf } from '../../src/protocol/http.ts';
import type { AnyLane, Binding } from '../../src/protocol.ts';
import { refusing, route } from '../flow/route.ts';

/** Which pages may ask, by the origin that they come from. */
export interface AccessControl {
  /** `same-origin` lets in only pages of this server, `cross-origin` those of the origins that `allow` names, too. */
  readonly policy: 'same-origin' | 'cross-origin';
  /** What pages of other origins may do: everything, but without credentials, by default. */
  readonly allow?: {
    /** Any by default. */
    readonly origins?: readonly string[];
    /** Any by default. */
    readonly methods?: readonly string[];
    /** Any by default. */
    readonly headers?: readonly string[];
    /** Whether requests may bring cookies and the like; not by default. */
    readonly credentials?: boolean;
  };
  /** How long a browser may remember what is allowed, in seconds; as it likes by default. */
  readonly maxAge?: number;
  /** The headers of an answer that pages of other origins may see, besides the usual ones: all by default. */
  readonly expose?: { readonly headers?: readonly string[] };
}

/**
 * Keeps the CORS protocol of the Fetch standard: refuses with 403 what the policy does not allow, answers preflights itself,
 * and lets pages that are allowed to see the answers, faults included. A request without `origin`, or from the same one, is
 * let through; its answer says, for caches, what one to a page of another origin would say.
 */
export const accessControl =
  (access: AccessControl) =>
  (exit: Binding<Http>): Binding<Http> =>
    route<Http>(({ headers }) => {
      const origin = headerOf(headers, 'origin');
      if (origin === undefined || origin === `${headerOf(headers, ':scheme')}://${headerOf(headers, ':authority')}`)
        return access.policy === 'cross-origin' ? (initial) => exit(initial).pipe(adding(toAnybody(access))) : exit;
      const asked = headerOf(headers, 'access-control-request-method');
      const method = headerOf(headers, ':method') as string;
      if (!allows(access, origin, asked ?? method)) return refused;
      const granted = originAllowed(access, origin);
      if (method === 'OPTIONS' && asked !== undefined) return preflight(access, headers, asked, granted);
      return (initial) => exit(initial).pipe(adding([...granted, ...exposed(access)]));
    });

const refused = refusing<Http>(httpFault('HTTP_FORBIDDEN', 'pages of this origin may not ask'));

const allows = ({ policy, allow = {} }: AccessControl, origin: string, method: string): boolean =>
  policy === 'cross-origin' &&
  (allow.origins?.includes(origin) ?? true) &&
  (allow.methods?.some((one) => one.toUpperCase() === method) ?? true);

function originAllowed(access: AccessControl, origin: string): readonly HttpHeader[] {
  const common = toAnybody(access);
  if (common === ANY_ORIGIN) return common;
  const credentials = access.allow?.credentials ? { 'access-control-allow-credentials': 'true' } : {};
  return [...headersOf({ 'access-control-allow-origin': origin, ...credentials }), ...common];
}

/** What every answer has, whoever asked: without it a cache would show a page an answer that was for another. */
const toAnybody = ({ allow = {} }: AccessControl): readonly HttpHeader[] =>
  allow.origins === undefined && !allow.credentials ? ANY_ORIGIN : OF_ITS_ORIGIN;

const ANY_ORIGIN = headersOf({ 'access-control-allow-origin': '*' });
const OF_ITS_ORIGIN = headersOf({ vary: 'origin' });

function exposed({ allow, expose }: AccessControl): readonly HttpHeader[] {
  // With credentials a star is the name of a header.
  const names = expose?.headers ?? (allow?.credentials ? [] : ['*']);
  return names.length === 0 ? [] : headersOf({ 'access-control-expose-headers': names.join(', ') });
}

function preflight(
  { allow = {}, maxAge }: AccessControl,
  headers: readonly HttpHeader[],
  method: string,
  granted: readonly HttpHeader[],
): Binding<Http> {
  const names = allow.headers?.join(', ') ?? headerOf(headers, 'access-control-request-headers');
  const answer = headersOf({
    ':status': '204',
    'access-control-allow-methods': allow.methods?.join(', ') ?? method,
    ...(names !== undefined && { 'access-control-allow-headers': names }),
    ...(maxAge !== undefined && { 'access-control-max-age': String(maxAge) }),
  });
  return () => emitter<Http['reply']>({ headers: [...answer, ...granted] }, () => ({ pull: () => end() }));
}

/** Adds headers to what a reply begins with, or to the fault that it is instead. */
const adding = (granted: readonly HttpHeader[]): AnyLane<Http['reply']> =>
  operate<Http['reply']>((out) => {
    let begun = false;
    return {
      next(frame) {
        if (frame.kind === 'begin') {
          begun = true;
          out.next(begin({ headers: [...frame.ext.headers, ...granted] }, frame.control));
        } else if (frame.kind === 'abort' && !begun) {
          const { code = 'HTTP_UNAVAILABLE', message = 'no answer', headers = [] } = frame.ext ?? {};
          out.next(abort({ code, message, status: statusOf(frame.ext), headers: [...headers, ...granted] }));
        } else out.next(frame);
      },
    };
  });
