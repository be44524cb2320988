import { catchError, defer, Observable, type SchedulerLike, throwError } from 'rxjs';
import { type ControlSink, window as grant } from '../control.ts';
import { emitter } from '../emitter.ts';
import { type Fault, positive } from '../errors.ts';
import { listen } from '../listen.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { Endpoint, Net } from '../protocol/net.ts';
import type { Binding } from '../protocol.ts';
import { eventLoop } from '../scheduler.ts';
import { caller } from './connection-call.ts';
import { Exchange } from './connection-exchange.ts';
import { sessions } from './connection-session.ts';
import { negotiated } from './connection-versions.ts';
import { type FramedOptions, framed, type RequestLane } from './frames.ts';
import { brokerAt, closed, disconnected } from './kafka-errors.ts';
import type { Answer, Api } from './requests/api.ts';
import type { Versions } from './requests/api-versions.ts';
import type { Sasl } from './sasl.ts';

export interface ConnectionOptions extends FramedOptions {
  /** What the broker's logs and quotas call this client; `sluice` by default. */
  readonly clientId?: string;
  readonly sasl?: Sasl | undefined;
  /** How long a request may take, in milliseconds from when it is made; an integer >= 1, 30,000 by default. */
  readonly requestTimeout?: number;
  /** How many requests may be under way at once, an integer >= 1; 5 by default, the most that idempotence allows. */
  readonly maxInFlight?: number;
  readonly scheduler?: SchedulerLike;
}

/** A connection to a broker that is ready for requests. */
export interface Connection {
  /** Which versions of every api the broker speaks. */
  readonly versions: Versions;
  /** How many requests are not answered yet. */
  readonly pending: number;
  /**
   * Asks the broker when subscribed to, and emits its answer; completes without one, once sent, where the broker gives
   * none. Requests are sent in the order in which they are made, except that an api with kafkajs's codec comes a little
   * later. Unsubscribing takes back what is not sent yet.
   *
   * Errors with a KafkaError: KAFKA_VERSION; KAFKA_RESPONSE, which harms no other request; or what ended the
   * connection: KAFKA_DISCONNECTED, KAFKA_TIMEOUT, KAFKA_FRAME, KAFKA_TRUNCATED, KAFKA_CORRELATION, KAFKA_CLOSED, or
   * one of SASL where authenticating again failed.
   *
   * @param timeout in place of the connection's, in milliseconds
   */
  request<Q, R extends Answer>(api: Api<Q, R>, body: Q, timeout?: number): Observable<R>;
  /** Takes no more requests, and ends the connection in good order once all are answered. */
  close(): void;
}

/**
 * A connection to the broker at `address` over one stream of `exit`, which is opened with it as `remote`. Emits once:
 * when it is known what the broker speaks and the client is authenticated, which it then stays by itself. Completes
 * when the broker ends a connection on which nothing is asked, as it does with idle ones, or after `close`.
 * Unsubscribing cuts it off.
 *
 * Errors with the exit's own fault where it cannot connect, and else with a KafkaError: KAFKA_TOO_OLD,
 * KAFKA_SASL_MECHANISM, KAFKA_SASL, KAFKA_SASL_BROKER, or what `Connection.request` names as ending it.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function connect(
  exit: Binding<Net>,
  address: Endpoint,
  options: ConnectionOptions = {},
): Observable<Connection> {
  const { clientId = 'sluice', sasl, requestTimeout = 30_000, maxInFlight = 5, scheduler = eventLoop } = options;
  positive('requestTimeout', requestTimeout);
  positive('maxInFlight', maxInFlight);
  const messages = framed(options, scheduler)(exit);
  const broker = brokerAt(address);

  return new Observable((out) => {
    const exchange = new Exchange({
      broker,
      maxInFlight,
      // A broker that throttles for longer will make us wait by itself; waiting here must not fail what waits.
      maxThrottle: requestTimeout / 2,
      scheduler,
      failed: (fault) => out.error(fault),
      refused: (fault) => finish(() => broken(fault)),
    });
    const call = caller(exchange, broker, clientId);
    let control: ControlSink | undefined;
    let ready = false;
    out.add(() => exchange.fail(closed));

    /** What a broker that ends the connection so early may want. */
    const hint = (): string => {
      if (exchange.answers === 0) return '; its listener may want TLS';
      return exchange.answers === 1 && sasl === undefined ? '; its listener may want SASL' : '';
    };

    const broken = (fault: Fault | undefined): void => {
      if (control === undefined && fault !== undefined) out.error(fault);
      else if (fault instanceof KafkaError) exchange.fail(fault);
      else exchange.fail(disconnected('the connection broke', fault, hint()));
    };

    let finished = false;
    const finish = (how: () => void): void => {
      if (finished) return;
      finished = true;
      // A broker that refuses to authenticate says why and closes; what it said is still being read.
      if (exchange.authenticating) out.add(scheduler.schedule(how));
      else how();
    };

    const requests = emitter<RequestLane>({ remote: address }, (wake) => exchange.start(wake), scheduler);
    listen(messages(requests), out, {
      next(frame) {
        switch (frame.kind) {
          case 'begin':
            control = frame.control;
            return control(grant(1));
          case 'data':
            exchange.receive(frame.payload.bytes);
            return control?.(grant(frame.reserved));
          case 'end':
            return finish(() => {
              if (ready && exchange.pending === 0) out.complete();
              else exchange.fail(disconnected('the broker closed the connection', undefined, hint()));
            });
          case 'abort':
            return finish(() => broken(frame.ext));
        }
      },
      complete: () => finish(() => exchange.fail(disconnected('the connection ended'))),
    });

    const connection = (versions: Versions): Connection => ({
      versions,
      get pending() {
        return exchange.pending;
      },
      request: (api, body, timeout = requestTimeout) =>
        defer(() => call(api, negotiated(api, versions), body, { timeout })).pipe(
          catchError((error) =>
            throwError(() => (error instanceof KafkaError ? error.at(`${broker}, ${api.name}`) : error)),
          ),
        ),
      close: () => exchange.close(),
    });
    listen(sessions(exchange, call, { sasl, timeout: requestTimeout, scheduler }), out, {
      next(versions) {
        if (ready) return;
        ready = true;
        out.next(connection(versions));
      },
      error: (error) => (error instanceof KafkaError ? exchange.fail(error) : out.error(error)),
      complete() {},
    });
  });
}
