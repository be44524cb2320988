import { type HttpFault, type HttpHeader, headerOf, httpFault } from '../protocol/http.ts';

/** Why CONNECT is refused. */
export const NO_PROXY = httpFault('HTTP_METHOD', 'CONNECT is for proxies');

/** What belongs to a connection, not to a request or an answer. */
const OF_CONNECTION = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers as node gives them, name, value, name, value, without those of the connection and pseudo-headers. */
export function headersFrom(raw: readonly string[]): HttpHeader[] {
  const headers: HttpHeader[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    if (!name.startsWith(':') && !OF_CONNECTION.has(name)) headers.push({ name, value: raw[index + 1] as string });
  }
  return headers;
}

/**
 * A request's target with the escapes of its path resolved that need not be any (RFC 3986, section 6.2.2.2): it is one path,
 * whoever reads it, and no route is passed by with another way to write its own.
 */
export function targetOf(target: string): string {
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  if (!path.includes('%')) return target;
  const plain = path.replace(/%([2-7][0-9a-f])/gi, (written, digits) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return /[\w.~-]/.test(character) ? character : written;
  });
  return query < 0 ? plain : plain + target.slice(query);
}

/** What an answer's headers can be: the status and the rest, without those of the connection. */
export function answerFrom(headers: readonly HttpHeader[]): { status: number; rest: HttpHeader[]; length?: number } {
  let status = Number.NaN;
  let length: number | undefined;
  const rest: HttpHeader[] = [];
  for (const header of headers) {
    if (header.name === ':status') status = Number(header.value);
    else if (!header.name.startsWith(':') && !OF_CONNECTION.has(header.name)) rest.push(header);
    if (header.name === 'content-length') length = Number(header.value);
  }
  // RFC 9110, section 8.6.
  const sent = status === 204 ? rest.filter(({ name }) => name !== 'content-length') : rest;
  return length === undefined ? { status, rest: sent } : { status, rest: sent, length };
}

/** Whether an answer can have this status and these headers, as far as node does not say. */
export const canAnswer = (status: number, headers: readonly HttpHeader[]): boolean =>
  Number.isInteger(status) &&
  status >= 200 &&
  headers.every(({ name, value }) => name !== 'content-length' || /^\d{1,15}$/.test(value));

/** Why what a request is for is nothing that it can be for; `undefined` where it is. */
export function targetFault(headers: readonly HttpHeader[]): HttpFault | undefined {
  const path = headerOf(headers, ':path') ?? '';
  // RFC 9112, section 3.2.4.
  if (!path.startsWith('/') && !(path === '*' && headerOf(headers, ':method') === 'OPTIONS'))
    return httpFault('HTTP_BAD_REQUEST', 'what a request is for is no path');
  // A host and a port (RFC 9110, section 7.2): without user and password (4.2.4).
  if (!/^[\w.~!$&'()*+,;=%:[\]-]*$/.test(headerOf(headers, ':authority') ?? ''))
    return httpFault('HTTP_BAD_REQUEST', 'the host of a request is none');
  return undefined;
}
