import type { Observable } from 'rxjs';
import { type Code, type Fault, SluiceError } from '../errors.ts';
import type { Lane, Protocol } from '../protocol.ts';
import type { Authorization } from './guard.ts';

/** A header: its name is in lower case; names may repeat, and their order is kept. */
export interface HttpHeader {
  readonly name: string;
  readonly value: string;
}

/** What opens an http stream: a request. */
export interface HttpBegin {
  /** `:method`, `:scheme`, `:authority` and `:path`, the query included, and then those of the request. */
  readonly headers: readonly HttpHeader[];
  /** What the guards of the server found of it, for routes that are `guarded`; without guards it is not there. */
  readonly authorization?: Authorization;
  /** Emits once the server is about to stop: an answer that has no end of its own should end. */
  readonly draining?: Observable<unknown>;
}

/** What answers a request. */
export interface HttpReplyBegin {
  /** `:status`, and then those of the answer. */
  readonly headers: readonly HttpHeader[];
}

/** A fault that may choose the status it is answered with; else that follows from its code, as `statusOf` says. */
export interface HttpFault extends Fault {
  readonly status?: number;
  /** What a broker calls it, for one that comes from there. */
  readonly kafka?: { readonly name: string };
  /** Headers to answer with, such as `www-authenticate`. */
  readonly headers?: readonly HttpHeader[];
}

interface HttpInitial extends Lane {
  readonly begin: HttpBegin;
  readonly data: Uint8Array;
  readonly flush: never;
  readonly end: undefined;
  readonly abort: HttpFault;
}

interface HttpReply extends Lane {
  readonly begin: HttpReplyBegin;
  readonly data: Uint8Array;
  readonly flush: never;
  readonly end: undefined;
  readonly abort: HttpFault;
}

/** A request and its answer: a body is bytes, one credit each. An ABORT before the answer began is a status of its own. */
export interface Http extends Protocol {
  readonly initial: HttpInitial;
  readonly reply: HttpReply;
}

const STATUSES = {
  HTTP_BAD_REQUEST: 400,
  HTTP_UNAUTHORIZED: 401,
  GUARD_EXPIRED: 401,
  KAFKA_IDENTITY: 401,
  HTTP_FORBIDDEN: 403,
  HTTP_NOT_FOUND: 404,
  ROUTE_NONE: 404,
  FILE_NOT_FOUND: 404,
  HTTP_METHOD: 405,
  HTTP_NOT_ACCEPTABLE: 406,
  HTTP_REQUEST_TIMEOUT: 408,
  HTTP_PRECONDITION: 412,
  HTTP_BODY_TOO_LARGE: 413,
  HTTP_EXPECTATION: 417,
  HTTP_HEADERS_TOO_LARGE: 431,
  HTTP_BAD_REPLY: 502,
  HTTP_UNAVAILABLE: 503,
  GUARD_UNAVAILABLE: 503,
  HTTP_UPSTREAM_TIMEOUT: 504,
  KAFKA_RECORD_TOO_LARGE: 413,
  KAFKA_DELIVERY_TIMEOUT: 504,
  KAFKA_TIMEOUT: 504,
  NET_TIMEOUT: 504,
} as const satisfies Partial<Record<Code, number>>;

/** By the name that a broker has for it, what is not its failure. */
const KAFKA_STATUSES: Readonly<Record<string, number>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 404,
  INVALID_TOPIC_EXCEPTION: 404,
  TOPIC_AUTHORIZATION_FAILED: 403,
  CLUSTER_AUTHORIZATION_FAILED: 403,
  INVALID_RECORD: 400,
  INVALID_TIMESTAMP: 400,
  MESSAGE_TOO_LARGE: 413,
  RECORD_LIST_TOO_LARGE: 413,
  REQUEST_TIMED_OUT: 504,
};

/**
 * The status that a fault is answered with: its own, or that of what a broker says, or of its code; 503 where another system
 * failed, else 500.
 */
export function statusOf(fault: HttpFault | undefined): number {
  const { code = '', status, kafka } = fault ?? {};
  if (status !== undefined) return status;
  const refused = kafka === undefined ? undefined : KAFKA_STATUSES[kafka.name];
  if (refused !== undefined) return refused;
  if (Object.hasOwn(STATUSES, code)) return STATUSES[code as keyof typeof STATUSES];
  return /^(KAFKA|NET|TLS|CACHE|SNAPSHOT|STAGE)_/.test(code) ? 503 : 500;
}

/** The fault of a request that is refused, with a code that has a status, and the headers to answer with. */
export const httpFault = (
  code: keyof typeof STATUSES,
  detail: string,
  headers: readonly HttpHeader[] = [],
): SluiceError & HttpFault => Object.assign(new SluiceError(code, detail), { headers });

/** What the name of a header, or of a method, is made of (RFC 9110, section 5.6.2). */
export const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** The first value of a header; `undefined` where there is none. */
export function headerOf(headers: readonly HttpHeader[], name: string): string | undefined {
  for (const header of headers) if (header.name === name) return header.value;
  return undefined;
}

/** The tags of a header such as `if-none-match`, without their quotes and whether they are weak; `*` as it is. */
export const tagsOf = (headers: readonly HttpHeader[], name: string): string[] =>
  headers
    .filter((header) => header.name === name)
    .flatMap(({ value }) => [...value.matchAll(/(?:W\/)?"([^"]*)"|([^\s,]+)/g)])
    .map(([, quoted, bare = '']) => quoted ?? bare);

/** Whether one of the tags that a client shows is this one, or stands for any. */
export const isShown = (tags: readonly string[], tag: string): boolean => tags.includes(tag) || tags.includes('*');

/** Headers, of names in lower case to their values. */
export const headersOf = (values: Readonly<Record<string, string>>): readonly HttpHeader[] =>
  Object.entries(values).map(([name, value]) => ({ name, value }));

/** A `:path` without its query. */
export const pathOf = (target: string): string => target.split('?', 1)[0] as string;

/** The query of a `:path`. */
export const queryOf = (target: string): URLSearchParams => new URLSearchParams(target.slice(pathOf(target).length));
