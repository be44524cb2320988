import type { SchedulerLike, Subscription } from 'rxjs';
import { reset } from '../control.ts';
import { Account } from '../credit.ts';
import { SluiceError } from '../errors.ts';
import type { Begin, Frame } from '../frame.ts';
import {
  type Http,
  type HttpFault,
  type HttpHeader,
  type HttpReplyBegin,
  headerOf,
  httpFault,
  statusOf,
} from '../protocol/http.ts';
import type { AnswerHeaders, Exchange, ExchangeLimits } from './http-exchange.ts';
import { answerFrom, canAnswer } from './http-headers.ts';

const BEARER = [{ name: 'www-authenticate', value: 'Bearer' }];
const NO_ANSWER = httpFault('HTTP_BAD_REPLY', 'an answer has a status or a header that http cannot carry');
const OTHER_LENGTH = httpFault('HTTP_BAD_REPLY', 'an answer has another length than it announced');
const EMPTY = [{ name: 'content-length', value: '0' }];

export interface HttpReplyParts {
  readonly limits: ExchangeLimits;
  readonly scheduler: SchedulerLike;
  readonly answerHeaders: AnswerHeaders;
  /** Told why the answer has a status from 500, or is broken off. */
  readonly onFault: (fault: HttpFault) => void;
  /** Whether the request has not been read to its end. */
  readonly rest: () => boolean;
  /** Called when the answer is over. */
  readonly done: () => void;
}

/**
 * A reply lane as the answer to a request. A fault before it begins is a status; one behind that breaks it off, and so
 * does a body of another length than was announced. Its credit returns as the client takes bytes.
 */
export class HttpReply {
  readonly #exchange: Exchange;
  readonly #parts: HttpReplyParts;
  readonly #account: Account;
  readonly #bodiless: boolean;
  #phase: 'waiting' | 'begun' | 'over' = 'waiting';
  #announced: number | undefined;
  /** Whether it is a stream of events, which is whole wherever it ends. */
  #isEvents = false;
  #unsettled = 0;
  #moved = false;
  #timer: Subscription | undefined;

  constructor(exchange: Exchange, parts: HttpReplyParts) {
    this.#exchange = exchange;
    this.#parts = parts;
    this.#account = new Account(parts.limits.window);
    this.#bodiless = headerOf(exchange.headers, ':method') === 'HEAD';
  }

  /** Takes the next frame of the lane. */
  next(frame: Frame<Http['reply']>): void {
    switch (frame.kind) {
      case 'begin':
        return this.#begin(frame);
      case 'data':
        return this.#write(frame.payload, frame.reserved);
      case 'end':
        return this.#end();
      case 'abort':
        this.refuse(frame.ext);
    }
  }

  /** Answers with the status of a fault, or breaks off what has begun; events of one whom a guard knows no more just end. */
  refuse(fault: HttpFault | undefined): void {
    if (fault !== undefined && this.#phase !== 'over' && statusOf(fault) >= 500) this.#parts.onFault(fault);
    this.fail(fault);
  }

  /** Refuses for what is told already. */
  fail(fault: HttpFault | undefined): void {
    if (this.#phase === 'waiting') this.#refuse(statusOf(fault), fault?.headers ?? []);
    else if (this.#phase === 'begun' && this.#isEvents && fault?.code === 'GUARD_EXPIRED') this.#end();
    else if (this.#phase === 'begun') this.#cut(fault);
  }

  #refuse(status: number, headers: HttpReplyBegin['headers']): void {
    // Who is to say who it is, is told how (RFC 9110, section 15.5.2).
    const isAsked = status === 401 && headerOf(headers, 'www-authenticate') === undefined;
    this.#answer(status, [...headers, ...(isAsked ? BEARER : []), ...EMPTY]);
  }

  /** Breaks off what is not over. */
  leave(): void {
    this.#timer?.unsubscribe();
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#exchange.cut();
  }

  #begin({ ext, control }: Begin<HttpReplyBegin>): void {
    if (this.#phase !== 'waiting') return control(reset());
    const { status, rest, length } = answerFrom(ext.headers);
    this.#account.open(control);
    if (this.#bodiless || status === 204 || status === 304) return this.#answer(status, rest);
    this.#phase = 'begun';
    this.#announced = length;
    this.#isEvents = headerOf(ext.headers, 'content-type')?.startsWith('text/event-stream') ?? false;
    if (this.#start(status, rest)) this.#account.settle();
  }

  /** An answer without a body. */
  #answer(status: number, headers: HttpReplyBegin['headers']): void {
    this.#phase = 'over';
    if (!this.#start(status, headers)) return;
    this.#exchange.end();
    this.#parts.done();
  }

  #start(status: number, headers: HttpReplyBegin['headers']): boolean {
    const { answerHeaders, onFault, rest } = this.#parts;
    const always = answerHeaders(this.#exchange.headers);
    try {
      if (!canAnswer(status, headers)) throw new RangeError('no answer is such');
      this.#exchange.begin(status, together(headers, always), rest());
      return true;
    } catch {
      // A header that no answer can have, or a status that is none: nothing of it is written yet.
      this.#phase = 'over';
      onFault(NO_ANSWER);
      this.#exchange.begin(statusOf(NO_ANSWER), together(EMPTY, always), rest());
      this.#exchange.end();
      this.#parts.done();
      return false;
    }
  }

  #write(bytes: Uint8Array, reserved: number): void {
    if (this.#phase !== 'begun') return;
    if (this.#announced !== undefined) this.#announced -= bytes.byteLength;
    if (this.#announced !== undefined && this.#announced < 0) return this.refuse(OTHER_LENGTH);
    this.#unsettled += reserved;
    this.#exchange.write(bytes, () => {
      this.#unsettled -= reserved;
      this.#moved = true;
      this.#account.owe(reserved);
      if (this.#phase === 'begun') this.#account.settle();
      else if (this.#unsettled === 0) this.#parts.done();
    });
    if (this.#unsettled > 0 && this.#timer === undefined) this.#watch();
  }

  #end(): void {
    if (this.#phase !== 'begun') return;
    if (this.#announced) return this.refuse(OTHER_LENGTH);
    this.#phase = 'over';
    this.#exchange.end();
    if (this.#unsettled === 0) this.#parts.done();
  }

  #cut(fault: HttpFault | undefined): void {
    this.#phase = 'over';
    this.#exchange.cut();
    this.#account.reset(fault);
    this.#parts.done();
  }

  #watch(): void {
    this.#moved = false;
    const { limits, onFault, scheduler } = this.#parts;
    this.#timer = scheduler.schedule(() => {
      this.#timer = undefined;
      if (this.#unsettled === 0) return;
      if (this.#moved) return this.#watch();
      const fault = new SluiceError('HTTP_WRITE_TIMEOUT', `the client took nothing for ${limits.writeTimeout} ms`);
      onFault(fault);
      this.#cut(fault);
    }, limits.writeTimeout);
  }
}

/** What an answer brings itself of who may see it stands. */
const together = (headers: readonly HttpHeader[], always: readonly HttpHeader[]): readonly HttpHeader[] =>
  always.length === 0 || headerOf(headers, 'access-control-allow-origin') !== undefined
    ? headers
    : [...headers, ...always];
