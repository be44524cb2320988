import type { Readable } from 'node:stream';
import { Observable, type SchedulerLike } from 'rxjs';
import { emitter } from '../emitter.ts';
import { SluiceError } from '../errors.ts';
import { listen } from '../listen.ts';
import { type Http, type HttpFault, type HttpHeader, headerOf, httpFault } from '../protocol/http.ts';
import type { Binding } from '../protocol.ts';
import { HttpReply } from './http-reply.ts';
import { HttpRequest } from './http-request.ts';

/** A request that node has taken apart, and the way to answer it, whatever the version of HTTP. */
export interface Exchange {
  /** Those of its BEGIN. */
  readonly headers: readonly HttpHeader[];
  readonly body: Readable;
  /** Whether a body is to come. */
  readonly hasBody: boolean;
  /** Why it is answered without being asked of anybody; `undefined` for one that is taken. */
  readonly refusal: HttpFault | undefined;
  /** Lets a client that waits for it send the body. */
  proceed(): void;
  /** Says that no request of its connection is taken after it. */
  last(): void;
  /** Starts the answer; `rest` says that the request is not read to its end. Throws if a header cannot be written. */
  begin(status: number, headers: readonly HttpHeader[], rest: boolean): void;
  /** Sends bytes of the answer's body; `taken` is called once they are on their way to the client. */
  write(bytes: Uint8Array, taken: () => void): void;
  /** Ends the answer. */
  end(): void;
  /** Breaks the answer off, so that the client sees that it is not whole. */
  cut(): void;
  /** Calls `last` once the client has ended its side of the connection; its body is read no further than is here. */
  ended(last: () => void): void;
  /** Calls `gone` once the client is. */
  closed(gone: () => void): void;
}

/** What bounds a request and its answer. */
export interface ExchangeLimits {
  /** The bytes of an answer that may wait for its client, an integer >= 1. */
  readonly window: number;
  /** The most bytes of a request's body. */
  readonly maxBody: number;
  /** How long a client may leave one waiting for the body, in milliseconds; each byte gives it one more. */
  readonly bodyTimeout: number;
  /** How long a client may take nothing of what waits for it, in milliseconds. */
  readonly writeTimeout: number;
}

/** What there is for every request of a connection. */
export interface ExchangeParts {
  /** Where requests are asked. */
  readonly exit: Binding<Http>;
  readonly limits: ExchangeLimits;
  readonly scheduler: SchedulerLike;
  /** Emits once the server is about to stop. */
  readonly draining?: Observable<unknown> | undefined;
  readonly answerHeaders: AnswerHeaders;
  /** Of a defect of the exit. */
  readonly onDefect: (defect: unknown) => void;
  /** Why a request is answered with a status from 500, or its answer is broken off. */
  readonly onFault: (fault: HttpFault) => void;
}

const OVER = new SluiceError('NET_CLOSED', 'the client has left, or has its answer');

/** What every answer to a request with these headers has; of one that could not be read there are none. */
export type AnswerHeaders = (request: readonly HttpHeader[]) => readonly HttpHeader[];

/**
 * Runs a request as one stream into `exit`: its body is the initial lane, the reply its answer. Completes when that is
 * over; unsubscribing breaks it off. A defect of `exit` is answered with 500.
 */
export const exchangeWith = (
  exchange: Exchange,
  { exit, limits, scheduler, draining, answerHeaders, onDefect, onFault }: ExchangeParts,
): Observable<never> =>
  new Observable((out) => {
    const reply = new HttpReply(exchange, {
      limits,
      scheduler,
      answerHeaders,
      onFault,
      rest: () => request.rest,
      done: () => out.complete(),
    });
    const request = new HttpRequest(exchange, limits, scheduler, (fault) => reply.refuse(fault));
    const initial = emitter<Http['initial']>(
      { headers: exchange.headers, ...(draining !== undefined && { draining }) },
      (wake, lane) => request.start(wake, lane),
      scheduler,
    );
    out.add(() => {
      reply.leave();
      request.fail(OVER);
    });
    if (exchange.refusal !== undefined) return reply.refuse(exchange.refusal);
    if (Number(headerOf(exchange.headers, 'content-length') ?? 0) > limits.maxBody)
      return reply.refuse(httpFault('HTTP_BODY_TOO_LARGE', `the body has more than ${limits.maxBody} bytes`));
    exchange.closed(() => out.complete());
    listen(exit(initial), out, {
      next: (frame) => reply.next(frame),
      error(defect) {
        onDefect(defect);
        reply.fail({ code: 'DEFECT', message: 'a defect' });
      },
      complete: () => reply.refuse(httpFault('HTTP_UNAVAILABLE', 'no answer')),
    });
  });
