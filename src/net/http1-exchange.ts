import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { type HttpFault, type HttpHeader, httpFault } from '../protocol/http.ts';
import { FrameDuplex } from './frame-duplex.ts';
import type { Exchange } from './http-exchange.ts';
import { targetFault } from './http-headers.ts';

/** A request of HTTP/1.1 or 1.0 and its answer. */
export class Http1Exchange implements Exchange {
  readonly headers: readonly HttpHeader[];
  readonly body: IncomingMessage;
  readonly hasBody: boolean;
  readonly refusal: HttpFault | undefined;
  /** What the client expects before it sends the body, in lower case; an expectation of HTTP/1.0 is none. */
  readonly #expected: string | undefined;
  readonly #response: ServerResponse;
  #closing = false;
  #flushed = false;
  #last = false;

  constructor(request: IncomingMessage, response: ServerResponse, headers: readonly HttpHeader[]) {
    this.headers = headers;
    this.body = request.on('error', ignore);
    this.hasBody =
      request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
    this.#expected = request.httpVersion === '1.0' ? undefined : request.headers.expect?.toLowerCase();
    this.#response = response.on('error', ignore);
    this.refusal = refusalOf(request, this.#expected) ?? targetFault(headers);
    // How much of it there is cannot be told, or is not what others think.
    this.#last = this.refusal !== undefined;
  }

  /** Whether something of the answer may be with the client. */
  get answering(): boolean {
    return this.#response.headersSent;
  }

  /** Whether all of the request is here. */
  get isWhole(): boolean {
    return this.body.complete;
  }

  /** Whether those behind it are not answered. */
  get isLast(): boolean {
    return this.#last;
  }

  last(): void {
    this.#last = true;
  }

  proceed(): void {
    // Behind the headers of the answer it would be taken for a part of the body.
    if (this.#expected !== undefined && !this.#flushed && !this.#closing) this.#response.writeContinue();
  }

  begin(status: number, headers: readonly HttpHeader[], rest: boolean): void {
    const flat: string[] = [];
    for (const { name, value } of headers) flat.push(name, value);
    // What is left of a request would be taken for the next one.
    this.#last ||= rest;
    if (this.#last) flat.push('connection', 'close');
    this.#response.writeHead(status, STATUS_CODES[status] ?? '', flat);
    process.nextTick(() => {
      if (this.#flushed || this.#closing) return;
      this.#flushed = true;
      this.#response.flushHeaders();
    });
  }

  write(bytes: Uint8Array, taken: () => void): void {
    const { socket, chunkedEncoding } = this.#response;
    // What node does for each write costs as much as the rest of the way; of a long answer the framing is ours.
    const direct = this.#flushed && socket instanceof FrameDuplex && socket.writableLength === 0;
    if (!direct || socket.writableCorked > 0) this.#response.write(bytes, taken);
    else socket.send(chunkedEncoding ? chunkOf(bytes) : bytes, taken);
    this.#flushed = true;
  }

  end(): void {
    this.#closing = true;
    this.#response.end();
  }

  cut(): void {
    this.#closing = true;
    this.#response.destroy();
  }

  ended(last: () => void): void {
    const { socket } = this.#response;
    if (socket instanceof FrameDuplex) socket.whole(last);
  }

  closed(gone: () => void): void {
    this.#response.once('close', gone);
  }
}

/** Why a request is not taken; `undefined` for one that is. */
function refusalOf({ httpVersion, rawHeaders, headers }: IncomingMessage, expected?: string): HttpFault | undefined {
  if (!httpVersion.startsWith('1.'))
    return Object.assign(httpFault('HTTP_BAD_REQUEST', 'a request has a version that is none'), { status: 505 });
  // Of several, whoever stands in between may go by another one (RFC 9112, section 3.2).
  const hosts = rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length;
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1'))
    return httpFault('HTTP_BAD_REQUEST', 'a request does not say for which host it is');
  // Of other codings node undoes none, so that the body would not be what the client sent.
  if ((headers['transfer-encoding']?.toLowerCase() ?? 'chunked') !== 'chunked')
    return Object.assign(httpFault('HTTP_BAD_REQUEST', 'the body has another coding than chunked'), { status: 501 });
  if (expected === undefined || expected === '100-continue') return undefined;
  return httpFault('HTTP_EXPECTATION', 'a request expects something else than to be told to go on');
}

/** What is sent to many is framed once. */
const chunks = new WeakMap<Uint8Array, Uint8Array>();

/** A chunk of a chunked body. */
function chunkOf(bytes: Uint8Array): Uint8Array {
  const known = chunks.get(bytes);
  if (known !== undefined) return known;
  const head = `${bytes.byteLength.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafe(head.length + bytes.byteLength + 2);
  chunk.write(head, 'latin1');
  chunk.set(bytes, head.length);
  chunk[chunk.byteLength - 2] = 0x0d;
  chunk[chunk.byteLength - 1] = 0x0a;
  chunks.set(bytes, chunk);
  return chunk;
}

const ignore = (): void => {};
