import { createHash, randomUUID } from 'node:crypto';
import type { Authorization } from '../protocol/guard.ts';
import { type HttpHeader, headerOf, tagsOf } from '../protocol/http.ts';
import type { Header } from '../protocol/kafka.ts';
import { ownTag } from './tags.ts';
import { bytesOf, utf8 } from './text.ts';

/** What is not for who reads the record: the request's length and manners, and its secrets. */
const WITHHELD = new Set(['authorization', 'content-length', 'cookie', 'expect', 'prefer', 'proxy-authorization']);

/** The headers of a request that somebody replies to, as those of a record. */
export const requestHeaders = (headers: readonly HttpHeader[]): Header[] =>
  headers.flatMap(({ name, value }) => {
    if (WITHHELD.has(name)) return [];
    if (name !== 'if-match') return [{ name, value: bytesOf(value) }];
    return tagsOf([{ name, value }], name).map((tag) => ({ name, value: Buffer.from(ownTag(tag)) }));
  });

/** Those of a request that is written, and no more. */
export const contentHeaders = (headers: readonly HttpHeader[]): Header[] => {
  const type = headerOf(headers, 'content-type');
  return type === undefined ? [] : [{ name: 'content-type', value: bytesOf(type) }];
};

/** What says which requests are one and the same: what their header says, or something new if it is not there. */
export function idempotencyKeyOf(headers: readonly HttpHeader[], name: string): { key: string; isRepeated: boolean } {
  const given = headerOf(headers, name);
  return given === undefined
    ? { key: randomUUID(), isRepeated: false }
    : { key: utf8(bytesOf(given)), isRepeated: true };
}

/**
 * What relates a request and its reply: the same for a request that is repeated with its idempotency key, and another one
 * for a request of anybody else, or for anything else. It ends with a mark of whose it is.
 */
export function correlationOf(
  idempotencyKey: string,
  headers: readonly HttpHeader[],
  authorization: Authorization | undefined,
  record: readonly string[],
): string {
  const asked = [':method', ':authority', ':path'].map((name) => headerOf(headers, name) ?? '');
  return marked(`${idempotencyKey}-${hashOf([asked, record], 32)}`, authorization);
}

/** Whether a reply is for these, by what relates it to a request: keys can be guessed, and with them the rest. */
export const isOwn = (correlationId: string, authorization: Authorization | undefined): boolean =>
  correlationId === marked(correlationId.slice(0, -1 - MARK), authorization);

/** How many characters the mark has of whose something is. */
const MARK = 16;

function marked(text: string, authorization: Authorization | undefined): string {
  const known = [...(authorization ?? [])].flatMap(([guard, { identity = '' }]) => [guard, identity]);
  return `${text}-${hashOf([text, known], MARK)}`;
}

const hashOf = (value: unknown, digits: number): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, digits);
