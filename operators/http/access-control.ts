import { emitter } from '../../src/emitter.ts';
import { SluiceError } from '../../src/errors.ts';
import { end } from '../../src/frame.ts';
import { type Http, type HttpHeader, headerOf, headersOf, httpFault, TOKEN } from '../../src/protocol/http.ts';
import type { Binding } from '../../src/protocol.ts';
import { refusing, route } from '../flow/route.ts';

/** Which pages may ask, by the origin that they come from. */
export interface AccessControl {
  /** `same-origin` lets in only pages of this server, `cross-origin` those of the origins that `allow` names, too. */
  readonly policy: 'same-origin' | 'cross-origin';
  /** What pages of other origins may do: everything, but without credentials, by default. */
  readonly allow?: Allowed;
  /** How long a browser may remember what is allowed, in seconds; as it likes by default. */
  readonly maxAge?: number;
  /** The headers of an answer that pages of other origins may see, besides the usual ones: all by default. */
  readonly expose?: { readonly headers?: readonly string[] };
}

type Allowed = {
  /** Any by default. */
  readonly methods?: readonly string[];
  /** Any by default. */
  readonly headers?: readonly string[];
} & (
  | {
      /** The origins that may ask, such as `https://example.org`. */
      readonly origins: readonly string[];
      /** Whether their requests may bring cookies and the like; not by default. */
      readonly credentials?: boolean;
    }
  | {
      /** Any. */
      readonly origins?: undefined;
      /** Pages of any origin would act for whoever is logged in here: only named ones can be allowed to. */
      readonly credentials?: false;
    }
);

/** What a policy makes of requests, and of the answers to them. */
export interface Access {
  /** Refuses with 403 what the policy does not allow, and answers preflights; the rest goes to `exit`. */
  admit(exit: Binding<Http>): Binding<Http>;
  /**
   * What every answer to a request says, faults included: whether the page that asked may see it. Of a request that could
   * not be read there are no headers.
   */
  answerHeaders(request: readonly HttpHeader[]): readonly HttpHeader[];
}

/**
 * The CORS protocol of the Fetch standard. A request without `origin`, or from the same one, is let through; its answer
 * says, for caches, what one to a page of another origin would say.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function accessControl(access: AccessControl): Access {
  const { policy, allow = {}, maxAge, expose } = access;
  check('allow.origins', ORIGIN, allow.origins);
  for (const [name, words] of [
    ['allow.methods', allow.methods],
    ['allow.headers', allow.headers],
    ['expose.headers', expose?.headers],
  ] as const)
    check(name, TOKEN, words);
  const origins = allow.origins && new Set(allow.origins.map(withoutPort));
  const methods = allow.methods && new Set(allow.methods.map((name) => name.toUpperCase()));
  // With credentials a star is the name of a header.
  const exposed = expose?.headers ?? (allow.credentials ? [] : ['*']);
  const shown = exposed.length === 0 ? [] : headersOf({ 'access-control-expose-headers': exposed.join(', ') });
  const credentials = allow.credentials ? headersOf({ 'access-control-allow-credentials': 'true' }) : [];
  const toAny = [...headersOf({ 'access-control-allow-origin': '*' }), ...shown];

  const isAllowed = (origin: string): boolean =>
    policy === 'cross-origin' && (origins?.has(withoutPort(origin)) ?? true);

  const preflight = (asked: string, names: string | undefined): Binding<Http> => {
    const headers = allow.headers?.join(', ') ?? names;
    const answer = headersOf({
      ':status': '204',
      'access-control-allow-methods': allow.methods?.join(', ') ?? asked,
      ...(headers !== undefined && { 'access-control-allow-headers': headers }),
      ...(maxAge !== undefined && { 'access-control-max-age': String(maxAge) }),
    });
    return () => emitter<Http['reply']>({ headers: answer }, () => ({ pull: () => end() }));
  };

  return {
    admit: (exit) =>
      route<Http>(({ headers }) => {
        const origin = otherOrigin(headers);
        if (origin === undefined) return exit;
        const asked = headerOf(headers, 'access-control-request-method');
        const method = headerOf(headers, ':method') as string;
        if (!isAllowed(origin) || methods?.has(asked ?? method) === false) return refused;
        return method === 'OPTIONS' && asked !== undefined
          ? preflight(asked, headerOf(headers, 'access-control-request-headers'))
          : exit;
      }),
    answerHeaders(request) {
      if (policy === 'same-origin') return [];
      if (origins === undefined) return toAny;
      const origin = otherOrigin(request);
      if (origin === undefined || !isAllowed(origin)) return OF_ITS_ORIGIN;
      return [...headersOf({ 'access-control-allow-origin': origin }), ...credentials, ...OF_ITS_ORIGIN, ...shown];
    },
  };
}

const refused = refusing<Http>(httpFault('HTTP_FORBIDDEN', 'pages of this origin may not ask'));

/** Without it, a cache would show a page an answer that was for another. */
const OF_ITS_ORIGIN = headersOf({ vary: 'origin' });

/** The origin of the page that asks, if that is not of this server. */
function otherOrigin(headers: readonly HttpHeader[]): string | undefined {
  const origin = headerOf(headers, 'origin');
  if (origin === undefined) return undefined;
  const own = `${headerOf(headers, ':scheme')}://${headerOf(headers, ':authority')}`;
  return withoutPort(origin) === withoutPort(own) ? undefined : origin;
}

/** Browsers leave out the port that a scheme implies. */
const withoutPort = (origin: string): string => origin.toLowerCase().replace(/^(https:.*):443$|^(http:.*):80$/, '$1$2');

const ORIGIN = /^([a-z][a-z0-9+.-]*:\/\/[^\s/?#*,]+|null)$/i;

function check(name: string, form: RegExp, words: readonly string[] = []): void {
  const wrong = words.find((word) => !form.test(word));
  if (wrong !== undefined) throw new SluiceError('OPTION_INVALID', `${name} cannot have ${JSON.stringify(wrong)}`);
}
