import {
  catchError,
  concatMap,
  defer,
  finalize,
  type Observable,
  ReplaySubject,
  Subscriber,
  Subscription,
  take,
  tap,
  timer,
} from 'rxjs';
import { Backoff, type BackoffOptions } from '../backoff.ts';
import { positive } from '../errors.ts';
import { listen } from '../listen.ts';
import type { Endpoint, Net } from '../protocol/net.ts';
import type { Binding } from '../protocol.ts';
import { eventLoop } from '../scheduler.ts';
import { type Connection, type ConnectionOptions, connect } from './connection.ts';
import { brokerAt, closed } from './kafka-errors.ts';
import type { Answer, Api } from './requests/api.ts';

/** Its backoff is that between a connection that failed and the next to the same broker. */
export interface PoolOptions extends ConnectionOptions, BackoffOptions {
  /** How long a connection may have nothing to do before it is closed, in milliseconds; 60,000 by default. */
  readonly idle?: number;
}

/** A connection, and what is asked on it. */
interface Line {
  readonly connection: ReplaySubject<Connection>;
  readonly life: Subscriber<never>;
  /** How many requests are not over, those that wait for the connection to stand included. */
  pending: number;
  /** Whether the broker may keep the one that is pending back. */
  parked: boolean;
  idle: Subscription | undefined;
}

interface Broker {
  readonly address: Endpoint;
  readonly lines: Set<Line>;
  /** Since it last answered. */
  readonly backoff: Backoff;
  /** When it may be connected to again. */
  notBefore: number;
}

/**
 * Connections to brokers, made when they are needed and used by any request. One that the broker may keep back, a long
 * poll, has a connection to itself while it lasts; all others of a broker share one, and so are sent in the order in
 * which they are made and never wait behind a long poll.
 */
export class Pool {
  readonly #exit: Binding<Net>;
  readonly #options: Required<Pick<PoolOptions, 'idle' | 'scheduler'>> & PoolOptions;
  readonly #brokers = new Map<string, Broker>();
  readonly #lives = new Subscription();

  /** @throws SluiceError OPTION_INVALID */
  constructor(exit: Binding<Net>, options: PoolOptions = {}) {
    const { idle = 60_000, scheduler = eventLoop } = options;
    positive('idle', idle);
    // Refuses now what would else be refused with the first broker.
    new Backoff(options);
    this.#exit = exit;
    this.#options = { ...options, idle, scheduler };
  }

  /** How many connections there are, those that are being made included. */
  get connections(): number {
    return [...this.#brokers.values()].reduce((sum, { lines }) => sum + lines.size, 0);
  }

  /**
   * Asks the broker at `address` as `Connection.request` does, when subscribed to; connects first where it must, and
   * where that failed before, not until the backoff is over. Nothing is asked twice: a request that fails with its
   * connection is for its maker to make again.
   */
  request<Q, R extends Answer>(address: Endpoint, api: Api<Q, R>, body: Q, timeout?: number): Observable<R> {
    return defer(() => {
      if (this.#lives.closed) throw closed.at(brokerAt(address));
      const parks = api.parks?.(body) ?? false;
      const broker = this.#broker(address);
      const line = this.#choose(broker, parks) ?? this.#open(broker);
      line.pending += 1;
      line.parked = parks;
      line.idle?.unsubscribe();
      return line.connection.pipe(
        take(1),
        concatMap((connection) => connection.request(api, body, timeout)),
        tap(() => {
          broker.backoff.reset();
        }),
        finalize(() => this.#over(broker, line)),
      );
    });
  }

  /** Cuts every connection off, and takes no more requests. */
  close(): void {
    this.#lives.unsubscribe();
  }

  #broker(address: Endpoint): Broker {
    const key = brokerAt(address);
    const known = this.#brokers.get(key);
    if (known !== undefined) return known;
    const backoff = new Backoff(this.#options);
    const broker = { address, lines: new Set<Line>(), backoff, notBefore: Number.NEGATIVE_INFINITY };
    this.#brokers.set(key, broker);
    return broker;
  }

  /** A line that has nothing to do; or, for what does not park, rather the one on which such things are asked already. */
  #choose({ lines }: Broker, parks: boolean): Line | undefined {
    let free: Line | undefined;
    for (const line of lines) {
      if (line.pending === 0) free ??= line;
      else if (!parks && !line.parked) return line;
    }
    return free;
  }

  #open(broker: Broker): Line {
    const { scheduler } = this.#options;
    const connection = new ReplaySubject<Connection>(1);
    const gone = (fault: unknown): void => {
      broker.lines.delete(line);
      line.idle?.unsubscribe();
      connection.error(fault);
    };
    const ended = (): void => gone(closed.at(brokerAt(broker.address)));
    const life = new Subscriber<never>({ next() {}, error: gone, complete: ended });
    const line: Line = { connection, life, pending: 0, parked: false, idle: undefined };
    life.add(ended);
    this.#lives.add(life);
    broker.lines.add(line);
    const wait = Math.max(0, broker.notBefore - scheduler.now());
    const connected = connect(this.#exit, broker.address, this.#options).pipe(
      catchError((fault) => {
        this.#backOff(broker);
        throw fault;
      }),
    );
    listen(wait === 0 ? connected : timer(wait, scheduler).pipe(concatMap(() => connected)), life, {
      next: (ready) => connection.next(ready),
    });
    return line;
  }

  #backOff(broker: Broker): void {
    const now = this.#options.scheduler.now();
    // Several connections that fail together are one failure.
    if (now >= broker.notBefore) broker.notBefore = now + broker.backoff.next();
  }

  #over(broker: Broker, line: Line): void {
    line.pending -= 1;
    if (line.pending > 0 || !broker.lines.has(line)) return;
    line.parked = false;
    const close = (): void => {
      broker.lines.delete(line);
      listen(line.connection.pipe(take(1)), line.life, { next: (connection) => connection.close(), complete() {} });
    };
    line.idle = this.#options.scheduler.schedule(close, this.#options.idle);
  }
}
