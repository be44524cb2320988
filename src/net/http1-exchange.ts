import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpHeader } from '../protocol/http.ts';
import { FrameDuplex } from './frame-duplex.ts';
import type { Exchange } from './http-exchange.ts';

/** A request of HTTP/1.1 or 1.0 and its answer. */
export class Http1Exchange implements Exchange {
  readonly headers: readonly HttpHeader[];
  readonly body: IncomingMessage;
  readonly hasBody: boolean;
  /** What the client expects before it sends the body, in lower case; an expectation of HTTP/1.0 is none. */
  readonly expected: string | undefined;
  readonly #response: ServerResponse;
  #closing = false;
  #flushed = false;
  #last = false;

  constructor(request: IncomingMessage, response: ServerResponse, headers: readonly HttpHeader[]) {
    this.headers = headers;
    this.body = request.on('error', ignore);
    this.hasBody =
      request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
    this.expected = request.httpVersion === '1.0' ? undefined : request.headers.expect?.toLowerCase();
    this.#response = response.on('error', ignore);
  }

  /** Whether something of the answer may be with the client. */
  get answering(): boolean {
    return this.#response.headersSent;
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
    if (this.expected !== undefined && !this.#flushed && !this.#closing) this.#response.writeContinue();
  }

  begin(status: number, headers: readonly HttpHeader[], rest: boolean): void {
    const flat: string[] = [];
    for (const { name, value } of headers) flat.push(name, value);
    // What is left of a request would be taken for the next one.
    this.#last ||= rest;
    if (this.#last) flat.push('connection', 'close');
    this.#response.writeHead(status, flat);
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

let framed: Uint8Array | undefined;
let framing: Buffer | undefined;

/** A chunk of a chunked body. What is sent to many is framed once, as long as nothing else is sent between. */
function chunkOf(bytes: Uint8Array): Buffer {
  if (framing !== undefined && framed === bytes) return framing;
  const head = `${bytes.byteLength.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafe(head.length + bytes.byteLength + 2);
  chunk.write(head, 'latin1');
  chunk.set(bytes, head.length);
  chunk[chunk.byteLength - 2] = 0x0d;
  chunk[chunk.byteLength - 1] = 0x0a;
  framed = bytes;
  framing = chunk;
  return chunk;
}

const ignore = (): void => {};
