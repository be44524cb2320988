import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Fault, SluiceError } from '../errors.ts';
import { httpFault, statusOf } from '../protocol/http.ts';
import type { AnswerHeaders, Exchange } from './http-exchange.ts';
import { headersFrom, NO_PROXY, targetOf } from './http-headers.ts';
import { Http1Exchange } from './http1-exchange.ts';

/** HTTP/1.1 and 1.0, over any stream: node's own parser and writer, in a server that listens nowhere. */
export class Http1 {
  readonly #server: Server;
  readonly #answerHeaders: AnswerHeaders;
  readonly #connections = new WeakMap<Duplex, Connection>();

  /** `maxHeaders` is how many bytes the request line and the headers may have. */
  constructor(maxHeaders: number, answerHeaders: AnswerHeaders) {
    this.#answerHeaders = answerHeaders;
    const take = (request: IncomingMessage, response: ServerResponse): void =>
      this.#connections.get(request.socket)?.take(request, response);
    this.#server = createServer({
      maxHeaderSize: maxHeaders,
      keepAliveTimeout: 0,
      requestTimeout: 0,
      requireHostHeader: false,
    })
      .on('request', take)
      .on('checkContinue', take)
      .on('checkExpectation', take)
      .on('connect', (_request, socket) => {
        this.#connections.get(socket)?.refuse(NO_PROXY, socket);
      })
      .on('clientError', (error, socket) => this.#connections.get(socket)?.refuse(faultOf(error), socket));
    this.#server.maxHeadersCount = 0;
    this.#server.headersTimeout = 0;
  }

  /** Serves a stream, whose requests have `scheme`. Answers how to refuse it, with the status of a fault. */
  serve(stream: Duplex, scheme: string, take: (exchange: Exchange) => void): (fault: Fault) => void {
    const connection = new Connection(scheme, take, this.#answerHeaders);
    this.#connections.set(stream, connection);
    this.#server.emit('connection', stream);
    return (fault) => connection.refuse(fault, stream);
  }
}

/** Requests of one connection, one after the other, as their answers have to be. */
class Connection {
  readonly #scheme: string;
  readonly #take: (exchange: Exchange) => void;
  readonly #answerHeaders: AnswerHeaders;
  readonly #waiting: Http1Exchange[] = [];
  #current: Http1Exchange | undefined;
  #refused = false;

  constructor(scheme: string, take: (exchange: Exchange) => void, answerHeaders: AnswerHeaders) {
    this.#scheme = scheme;
    this.#take = take;
    this.#answerHeaders = answerHeaders;
  }

  take(request: IncomingMessage, response: ServerResponse): void {
    if (this.#refused) return;
    const exchange = new Http1Exchange(request, response, this.#headersOf(request));
    if (this.#waiting.length >= MOST_WAITING) request.socket.destroy();
    else if (this.#current === undefined) this.#start(exchange);
    else this.#waiting.push(exchange);
  }

  /** Answers what cannot be understood, and reads no more. */
  refuse(fault: Fault, stream: Duplex): void {
    const current = this.#current;
    const isBehind = current?.isWhole && !current.answering;
    if (this.#refused) {
      // A client that leaves is told of in this way, too.
      if (isBehind) stream.destroy();
      return;
    }
    this.#refused = true;
    if (fault.code === 'NET_RESET' || current?.answering) return void stream.destroy();
    // Answers come in the order of requests (RFC 9112, section 9.3.2), and this is the last one.
    if (isBehind) return current.last();
    const status = statusOf(fault);
    const more = this.#answerHeaders(this.#current?.headers ?? []).map(({ name, value }) => `${name}: ${value}\r\n`);
    stream.end(
      `HTTP/1.1 ${status} ${REASONS[status] ?? ''}\r\n${more.join('')}connection: close\r\ncontent-length: 0\r\n\r\n`,
    );
  }

  #start(exchange: Http1Exchange): void {
    this.#current = exchange;
    exchange.closed(() => {
      this.#current = undefined;
      this.#refused ||= exchange.isLast;
      const next = this.#waiting.shift();
      if (next !== undefined && !this.#refused) this.#start(next);
    });
    this.#take(exchange);
  }

  #headersOf({ method = '', url = '', headers, rawHeaders }: IncomingMessage): Exchange['headers'] {
    const [, scheme = this.#scheme, authority = headers.host ?? '', rest] =
      /^(https?):\/\/([^/?#]+)(.*)$/i.exec(url) ?? [];
    const target = rest === undefined ? url : rest.startsWith('/') ? rest : `/${rest}`;
    return [
      { name: ':method', value: method },
      { name: ':scheme', value: scheme.toLowerCase() },
      { name: ':authority', value: authority },
      { name: ':path', value: targetOf(target) },
      ...headersFrom(rawHeaders),
    ];
  }
}

/** How many requests of a connection may wait behind the one that is answered. */
const MOST_WAITING = 100;

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Payload Too Large',
  431: 'Request Header Fields Too Large',
};

function faultOf(error: NodeJS.ErrnoException): Fault {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return httpFault('HTTP_HEADERS_TOO_LARGE', 'the request line and headers are too long');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return httpFault('HTTP_BODY_TOO_LARGE', 'the extensions of a chunk are too long');
    case 'ECONNRESET':
      return new SluiceError('NET_RESET', 'the client left inside a request');
    default:
      return httpFault('HTTP_BAD_REQUEST', `what came is no request (${error.code ?? error.message})`);
  }
}
