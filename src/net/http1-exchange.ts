import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpHeader } from '../protocol/http.ts';
import type { Exchange } from './http-exchange.ts';

/** A request of HTTP/1.1 or 1.0 and its answer. */
export class Http1Exchange implements Exchange {
  readonly headers: readonly HttpHeader[];
  readonly body: IncomingMessage;
  readonly hasBody: boolean;
  readonly #response: ServerResponse;
  #closing = false;

  constructor(request: IncomingMessage, response: ServerResponse, headers: readonly HttpHeader[]) {
    this.headers = headers;
    this.body = request.on('error', ignore);
    this.hasBody =
      request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
    this.#response = response.on('error', ignore);
  }

  /** Whether something of the answer may be with the client. */
  get answering(): boolean {
    return this.#response.headersSent;
  }

  proceed(): void {
    if (this.body.headers.expect !== undefined) this.#response.writeContinue();
  }

  begin(status: number, headers: readonly HttpHeader[], rest: boolean): void {
    const flat: string[] = [];
    for (const { name, value } of headers) flat.push(name, value);
    // What is left of a request would be taken for the next one.
    if (rest) flat.push('connection', 'close');
    this.#response.writeHead(status, flat);
    process.nextTick(() => {
      if (!this.#closing) this.#response.flushHeaders();
    });
  }

  write(bytes: Uint8Array, taken: () => void): void {
    this.#response.write(bytes, taken);
  }

  end(): void {
    this.#closing = true;
    this.#response.end();
  }

  cut(): void {
    this.#closing = true;
    this.#response.destroy();
  }

  closed(gone: () => void): void {
    this.#response.once('close', gone);
  }
}

const ignore = (): void => {};
