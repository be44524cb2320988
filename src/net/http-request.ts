import type { SchedulerLike, Subscriber, Subscription } from 'rxjs';
import type { Source } from '../emitter.ts';
import type { Fault } from '../errors.ts';
import type { Following } from '../frame.ts';
import { type Http, httpFault } from '../protocol/http.ts';
import type { Exchange, ExchangeLimits } from './http-exchange.ts';
import { Reader } from './reader.ts';

/**
 * The body of a request, as a lane. It is asked for, and waited for, only while its receiver has credit for it; a client
 * that is too slow then, or sends too much, is refused.
 */
export class HttpRequest implements Source<Http['initial']> {
  readonly #exchange: Exchange;
  readonly #limits: ExchangeLimits;
  readonly #scheduler: SchedulerLike;
  readonly #refuse: (fault: Fault) => void;
  readonly #reader: Reader;
  #proceeding = false;
  #size = 0;
  #patience: number;
  #since = 0;
  #timer: Subscription | undefined;
  #ended: boolean;

  /** `refuse` answers with the status of a fault. */
  constructor(exchange: Exchange, limits: ExchangeLimits, scheduler: SchedulerLike, refuse: (fault: Fault) => void) {
    this.#exchange = exchange;
    this.#limits = limits;
    this.#scheduler = scheduler;
    this.#refuse = refuse;
    this.#patience = limits.bodyTimeout;
    this.#reader = new Reader(exchange.body, scheduler, () => this.#disarm());
    this.#ended = !exchange.hasBody;
  }

  /** Whether there is more of it, that has not been read. */
  get rest(): boolean {
    return !this.#ended;
  }

  start(wake: () => void, out: Subscriber<unknown>): this {
    this.#reader.start(wake, out);
    // A client that has left is not to be found out only once there is credit for what it sent before.
    this.#exchange.ended(() => this.#reader.last());
    return this;
  }

  /** Ends the lane with ABORT, unless it has ended. */
  fail(fault: Fault): void {
    this.#disarm();
    this.#reader.fail(fault);
  }

  pull(balance: number): Following<Http['initial']> | undefined {
    const frame = this.#reader.pull(balance);
    switch (frame?.kind) {
      case 'data':
        return this.#take(frame.reserved) ? frame : this.#reader.pull(0);
      case undefined:
        if (balance > 0) this.#await();
        else this.#disarm();
        return undefined;
      case 'end':
        this.#ended = true;
    }
    this.#disarm();
    return frame;
  }

  #take(size: number): boolean {
    this.#size += size;
    this.#disarm();
    this.#patience = Math.min(this.#patience + size, this.#limits.bodyTimeout);
    if (this.#size <= this.#limits.maxBody) return true;
    this.#give(httpFault('HTTP_BODY_TOO_LARGE', `the body has more than ${this.#limits.maxBody} bytes`));
    return false;
  }

  #await(): void {
    if (this.#ended || this.#timer !== undefined) return;
    if (!this.#proceeding) this.#exchange.proceed();
    this.#proceeding = true;
    this.#since = this.#scheduler.now();
    this.#timer = this.#scheduler.schedule(() => {
      this.#give(httpFault('HTTP_REQUEST_TIMEOUT', 'the client is too slow with the body of its request'));
    }, this.#patience);
  }

  #disarm(): void {
    if (this.#timer === undefined) return;
    this.#timer.unsubscribe();
    this.#timer = undefined;
    this.#patience = Math.max(1, this.#patience - (this.#scheduler.now() - this.#since));
  }

  #give(fault: Fault): void {
    this.fail(fault);
    this.#refuse(fault);
  }
}
