import { Observable, type SchedulerLike } from 'rxjs';
import { emit } from '../../src/emitter.ts';
import { positive, SluiceError } from '../../src/errors.ts';
import { listen } from '../../src/listen.ts';
import { FrameDuplex } from '../../src/net/frame-duplex.ts';
import { HttpConnection } from '../../src/net/http-connection.ts';
import { exchangeWith } from '../../src/net/http-exchange.ts';
import { Http1 } from '../../src/net/http1.ts';
import type { Http, HttpFault } from '../../src/protocol/http.ts';
import type { Net, NetLane } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';
import { type Access, type AccessControl, accessControl } from './access-control.ts';
import { type Credentials, identified } from './identified.ts';

export interface HttpServerOptions {
  /** The versions that are spoken: both by default; which one, ALPN or the first bytes of a connection say. */
  readonly versions?: readonly ('http/1.1' | 'h2')[];
  /** Which pages of other origins may ask. Without it that is for browsers to judge, and they let none. */
  readonly accessControl?: AccessControl;
  /** Where guards find the credentials of a request; without it, nobody is recognised. */
  readonly authorization?: Credentials;
  /** How many bytes of an answer may wait for its client, an integer >= 1; 64 KiB by default. */
  readonly window?: number;
  /** The most bytes of a request line and its headers; 16 KiB by default. More is answered with 431. */
  readonly maxHeaders?: number;
  /** The most bytes of the body of a request; 128 MiB by default. More is answered with 413. */
  readonly maxBody?: number;
  /** From the first byte of a request to the end of its headers, in milliseconds; 20,000 by default. Then 408. */
  readonly headersTimeout?: number;
  /**
   * How long a client may leave one waiting for the body of its request, in milliseconds; each byte gives it one more, up to
   * as much again. 30,000 by default. Then 408.
   */
  readonly bodyTimeout?: number;
  /** How long a client may take nothing of what waits for it, in milliseconds; 60,000 by default. Then it is cut off. */
  readonly writeTimeout?: number;
  /** How long a connection stays open without a request, in milliseconds; 60,000 by default. */
  readonly idleTimeout?: number;
  /** Told of a defect of the exit, which ends one request only. Prints by default. */
  readonly onDefect?: (defect: unknown) => void;
  /** Told why a request is answered with a status from 500, or its answer is broken off. */
  readonly onFault?: (fault: HttpFault) => void;
}

/**
 * Speaks HTTP/1.1 or HTTP/2 at its entry, and opens a stream at its exit for every request: its body is the initial lane,
 * the reply its answer. A body is read only as the exit grants credit for it, and so is `100-continue` sent; the exit's
 * credit returns as the client takes the answer.
 *
 * A reply that is a lone ABORT is answered with the status of its fault; one that ends in ABORT is broken off.
 *
 * @throws SluiceError OPTION_INVALID
 *
 * @example
 * tcpServer({ port: 7114 })(httpServer()(hello)).subscribe();
 */
export const httpServer = (
  options: HttpServerOptions = {},
  scheduler: SchedulerLike = eventLoop,
): ((exit: Binding<Http>) => Binding<Net>) => {
  const { versions = ['http/1.1', 'h2'], window = 64 * 1024, maxHeaders = 16 * 1024 } = options;
  const { maxBody = 128 * 1024 * 1024, headersTimeout = 20_000, bodyTimeout = 30_000 } = options;
  const { writeTimeout = 60_000, idleTimeout = 60_000, accessControl: access, authorization } = options;
  const { onDefect = (defect: unknown) => console.error(defect), onFault = () => {} } = options;
  for (const [name, value] of Object.entries({
    window,
    maxHeaders,
    headersTimeout,
    bodyTimeout,
    writeTimeout,
    idleTimeout,
  }))
    positive(name, value);
  if (versions.length === 0) throw new SluiceError('OPTION_INVALID', 'versions must name one at least');
  const { admit, answerHeaders } = access === undefined ? ANY_ACCESS : accessControl(access);
  const http1 = versions.includes('http/1.1') ? new Http1(maxHeaders, answerHeaders) : undefined;
  const http2 = versions.includes('h2');
  const limits = { window, maxHeaders, maxBody, headersTimeout, bodyTimeout, writeTimeout, idleTimeout };

  return (exit) => {
    const guarded: Binding<Http> = authorization === undefined ? exit : identified(authorization)(exit);
    const common = { exit: admit(guarded), limits, scheduler, answerHeaders, onDefect, onFault };
    return (initial) =>
      new Observable((out) => {
        const duplex = new FrameDuplex(window);
        const outlet = emit<NetLane>(out, duplex, scheduler);
        const connection = new HttpConnection(duplex, {
          limits,
          http1,
          http2,
          scheduler,
          serve: (exchange) => exchangeWith(exchange, { ...common, draining: duplex.begin.draining }),
        });
        duplex.start(() => outlet.wake(), out);
        out.add(() => connection.close());
        listen(initial, out, {
          next(frame) {
            duplex.next(frame);
            if (frame.kind === 'data') connection.received();
            if (frame.kind !== 'begin') return;
            outlet.begin(frame.ext);
            connection.start();
          },
          complete: () => duplex.complete(),
        });
      });
  };
};

const ANY_ACCESS: Access = { admit: (exit) => exit, answerHeaders: () => [] };
