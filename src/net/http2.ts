import { validateHeaderName, validateHeaderValue } from 'node:http';
import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import type { HttpFault, HttpHeader } from '../protocol/http.ts';
import type { Exchange } from './http-exchange.ts';
import { headersFrom, NO_PROXY, targetFault, targetOf } from './http-headers.ts';

/** How many requests of one connection are served at once. */
const MOST_AT_ONCE = 128;

/** Serves a stream that speaks HTTP/2. */
export function serveHttp2(stream: Duplex, maxHeaders: number, take: (exchange: Exchange) => void): ServerHttp2Session {
  const session = performServerHandshake(stream, {
    maxSendHeaderBlockLength: maxHeaders,
    maxSessionMemory: 10,
    settings: { maxConcurrentStreams: MOST_AT_ONCE, maxHeaderListSize: maxHeaders, enablePush: false },
  });
  session.on('error', ignore);
  containAssertions(session.socket as unknown as Wrapped);
  const open = (
    opened: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    _flags: number,
    raw: readonly string[],
  ): void => {
    take(new Http2Exchange(opened, headers, raw));
  };
  // The types of node leave the raw headers out.
  session.on('stream', open as (opened: ServerHttp2Stream, headers: IncomingHttpHeaders) => void);
  return session;
}

/** What node wraps a stream in that is no socket. */
type Wrapped = Record<'doWrite' | 'doShutdown', (...args: never[]) => number>;

/** How libuv says that a stream cannot be written any more. */
const EPIPE = -32;

/**
 * Node's wrapper asserts that nothing is written behind its end, and http2 does that where a session fails while it closes:
 * the assertion is nobody's to catch and ends the process. That write fails instead, as it would on a socket.
 */
function containAssertions(wrapped: Wrapped): void {
  for (const name of ['doWrite', 'doShutdown'] as const) {
    const plain = wrapped[name];
    wrapped[name] = (...args) => {
      try {
        return plain(...args);
      } catch {
        return EPIPE;
      }
    };
  }
}

/** A request of HTTP/2 and its answer. */
class Http2Exchange implements Exchange {
  readonly headers: readonly HttpHeader[];
  readonly body: ServerHttp2Stream;
  readonly hasBody: boolean;
  readonly refusal: HttpFault | undefined;
  readonly #expects: boolean;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]) {
    this.body = stream.on('error', ignore);
    this.hasBody = !stream.endAfterHeaders;
    this.#expects = headers.expect !== undefined;
    const authority = headers[':authority'] ?? headers.host ?? '';
    this.headers = [
      { name: ':method', value: String(headers[':method']) },
      { name: ':scheme', value: String(headers[':scheme']) },
      { name: ':authority', value: authority },
      { name: ':path', value: targetOf(headers[':path'] ?? '/') },
      ...headersFrom(raw),
    ];
    this.refusal = headers[':method'] === 'CONNECT' ? NO_PROXY : targetFault(this.headers);
  }

  last(): void {
    // GOAWAY says so, for all of them.
  }

  proceed(): void {
    if (this.#expects && !this.body.headersSent) this.body.additionalHeaders({ ':status': 100 });
  }

  begin(status: number, headers: readonly HttpHeader[]): void {
    const values: Record<string, string | string[]> = Object.create(null);
    for (const { name, value } of headers) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      const known = values[name];
      values[name] = known === undefined ? value : [known, value].flat();
    }
    if (!this.body.closed) this.body.respond({ ...values, ':status': status });
  }

  write(bytes: Uint8Array, taken: () => void): void {
    this.body.write(bytes, (error) => error ?? taken());
  }

  end(): void {
    this.body.end();
    // Without this, a body that nobody reads would hold the stream.
    if (!this.body.readableEnded) this.body.once('finish', () => this.body.close(constants.NGHTTP2_NO_ERROR));
  }

  cut(): void {
    this.body.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  ended(): void {
    // A connection is read on, however much of its streams is held back.
  }

  closed(gone: () => void): void {
    // Node ends the body of a stream that its client resets, as if it were whole, and closes it once that is read.
    this.body.once('aborted', gone).once('close', gone);
  }
}

const ignore = (): void => {};
