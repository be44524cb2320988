import type { ServerHttp2Session } from 'node:http2';
import { type Observable, type SchedulerLike, Subscriber, type Subscription } from 'rxjs';
import type { Fault } from '../errors.ts';
import { listen } from '../listen.ts';
import { httpFault } from '../protocol/http.ts';
import { closed, type FrameDuplex } from './frame-duplex.ts';
import type { Exchange } from './http-exchange.ts';
import type { Http1 } from './http1.ts';
import { serveHttp2 } from './http2.ts';

/** How long clients may take. */
export interface ConnectionLimits {
  /** The most bytes of a request line and headers. */
  readonly maxHeaders: number;
  /** From the first byte of a request to the end of its headers, in milliseconds. */
  readonly headersTimeout: number;
  /** How long a connection without a request stays open, in milliseconds. */
  readonly idleTimeout: number;
}

export interface ConnectionParts {
  readonly limits: ConnectionLimits;
  /** Where HTTP/1 is served; without it, it is not. */
  readonly http1: Http1 | undefined;
  /** Whether HTTP/2 is served. */
  readonly http2: boolean;
  readonly scheduler: SchedulerLike;
  /** Runs a request; completes when it is over. */
  readonly serve: (exchange: Exchange) => Observable<never>;
}

/** One connection of clients that speak HTTP, over either version: which, its first bytes or ALPN say. */
export class HttpConnection {
  readonly #duplex: FrameDuplex;
  readonly #parts: ConnectionParts;
  readonly #open = new Map<Subscriber<never>, Exchange>();
  #timer: Subscription | undefined;
  #closed = false;
  #begun = false;
  #http2Session: ServerHttp2Session | undefined;
  #draining = false;
  #stopping: Subscription | undefined;
  #refuse: ((fault: Fault) => void) | undefined;

  constructor(duplex: FrameDuplex, parts: ConnectionParts) {
    this.#duplex = duplex;
    this.#parts = parts;
    this.#wait(parts.limits.headersTimeout, () => duplex.end());
    duplex.once('close', () => duplex.fail(closed));
  }

  /** Starts, once the connection has begun. */
  start(): void {
    const { http1, http2 } = this.#parts;
    const { alpn, draining } = this.#duplex.begin;
    this.#stopping = draining?.subscribe(() => this.#drain());
    if (http1 === undefined || (http2 && alpn === 'h2')) this.#http2();
    else if (!http2 || alpn === 'http/1.1') this.#http1(http1);
    else this.#sniff(http1);
  }

  /** Told of bytes that come. */
  received(): void {
    if (this.#open.size > 0 || this.#begun) return;
    this.#begun = true;
    this.#wait(this.#parts.limits.headersTimeout, () => {
      if (this.#refuse === undefined) this.#duplex.end();
      else this.#refuse(httpFault('HTTP_REQUEST_TIMEOUT', 'the client is too slow with the headers of a request'));
    });
  }

  /** Breaks off what is open. */
  close(): void {
    this.#closed = true;
    this.#stopping?.unsubscribe();
    for (const request of this.#open.keys()) request.unsubscribe();
    this.#duplex.destroy();
    this.#timer?.unsubscribe();
  }

  #http1(http1: Http1): void {
    const { secure } = this.#duplex.begin;
    this.#refuse = http1.serve(this.#duplex, secure === true ? 'https' : 'http', (exchange) => this.#take(exchange));
  }

  #http2(): void {
    this.#http2Session = serveHttp2(this.#duplex, this.#parts.limits.maxHeaders, (exchange) => this.#take(exchange));
  }

  #sniff(http1: Http1): void {
    let seen = Buffer.alloc(0);
    const look = (): void => {
      const chunk: Buffer | null = this.#duplex.read();
      if (chunk !== null) seen = Buffer.concat([seen, chunk]);
      if (chunk !== null && seen.byteLength < PREFACE.byteLength && PREFACE.subarray(0, seen.byteLength).equals(seen))
        return;
      this.#duplex.off('readable', look);
      if (seen.byteLength > 0) this.#duplex.unshift(seen);
      if (seen.subarray(0, PREFACE.byteLength).equals(PREFACE)) this.#http2();
      else this.#http1(http1);
    };
    this.#duplex.on('readable', look);
  }

  #take(exchange: Exchange): void {
    const request = new Subscriber<never>();
    this.#open.set(request, exchange);
    if (this.#draining) exchange.last();
    this.#timer?.unsubscribe();
    request.add(() => {
      this.#open.delete(request);
      if (this.#open.size === 0) this.#idle();
    });
    listen(this.#parts.serve(exchange), request, { next() {} });
  }

  #idle(): void {
    // A session of HTTP/2 ends by itself once its last stream is done.
    if (this.#draining) return this.#http2Session === undefined ? void this.#duplex.end() : undefined;
    // Frames of HTTP/2 come without a request, too.
    this.#begun = this.#http2Session !== undefined;
    this.#wait(this.#parts.limits.idleTimeout, () => this.#duplex.end());
  }

  /** Takes no requests any more, and ends with those that are open. */
  #drain(): void {
    this.#draining = true;
    for (const exchange of this.#open.values()) exchange.last();
    this.#http2Session?.close();
    if (this.#open.size === 0 && this.#http2Session === undefined) this.#duplex.end();
  }

  #wait(patience: number, then: () => void): void {
    this.#timer?.unsubscribe();
    if (!this.#closed) this.#timer = this.#parts.scheduler.schedule(then, patience);
  }
}

/** How HTTP/2 begins, and no request of HTTP/1 does. */
const PREFACE = Buffer.from('PRI ');
