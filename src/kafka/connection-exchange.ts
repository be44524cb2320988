import { Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { Deque } from '../deque.ts';
import type { Source } from '../emitter.ts';
import type { Fault } from '../errors.ts';
import { type Abort, abort, data, end, type Following } from '../frame.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { Throttle } from './connection-throttle.ts';
import type { RequestLane } from './frames.ts';
import { SIZE } from './frames-assembler.ts';
import { closed } from './kafka-errors.ts';
import { lengthOf, type Piece } from './pieces.ts';

/** A request that is to be sent. */
export interface Outgoing {
  /** The name of the api, for messages. */
  readonly name: string;
  /** The request, header included, behind the correlation id that is given. */
  write(correlation: number): readonly Piece[];
  readonly answered: boolean;
  /** Whether it passes all that waits, throttled or not: what authenticates does. */
  readonly urgent: boolean;
  /** In milliseconds, from when it is made. */
  readonly timeout: number;
}

export interface ExchangeOptions {
  /** The broker as messages name it. */
  readonly broker: string;
  readonly maxInFlight: number;
  /** The longest it lets itself be throttled, in milliseconds. */
  readonly maxThrottle: number;
  readonly scheduler: SchedulerLike;
  /** Told once that the connection is of no more use, before those who wait for answers are. */
  readonly failed: (fault: KafkaError) => void;
  /** Told that nothing more can be sent, and why if that is known. */
  readonly refused: (fault: Fault | undefined) => void;
}

interface Call extends Outgoing {
  readonly out: Subscriber<Uint8Array>;
  correlation: number;
  timer: Subscription | undefined;
}

/**
 * The requests of one connection and their answers, which a broker gives in the order in which it was asked. A request
 * waits for credit, for fewer than `maxInFlight` to be under way, and while the broker throttles or authenticates.
 */
export class Exchange implements Source<RequestLane> {
  /** While it lasts, only what is urgent is sent. */
  readonly throttle: Throttle;
  readonly #options: ExchangeOptions;
  readonly #urgent = new Deque<Call>();
  readonly #waiting = new Deque<Call>();
  readonly #flying = new Deque<Call>();
  #wake: () => void = () => {};
  #sent: Call | undefined;
  #correlation = 0;
  #answers = 0;
  #held = false;
  #closing = false;
  #failure: KafkaError | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.throttle = new Throttle(options.scheduler, options.maxThrottle, () => this.#wake());
  }

  /** Starts to send; `wake` is told when there is something. */
  start(wake: () => void): this {
    this.#wake = wake;
    return this;
  }

  /** How many requests are not answered yet. */
  get pending(): number {
    return this.#urgent.length + this.#waiting.length + this.#flying.length;
  }

  /** How many requests were answered. */
  get answers(): number {
    return this.#answers;
  }

  /**
   * Sends a request when subscribed to; emits its answer, header included, or completes when it is sent if there is
   * none. Unsubscribing takes it back if it is not sent yet, and else forgets its answer. Errors with a KafkaError.
   */
  send(request: Outgoing): Observable<Uint8Array> {
    return new Observable((out) => {
      if (this.#failure !== undefined || this.#closing) return out.error(this.#fault(request));
      const call: Call = { ...request, out, correlation: -1, timer: undefined };
      const expire = (): void =>
        this.fail(new KafkaError('KAFKA_TIMEOUT', `${call.name} was not answered within ${call.timeout} ms`));
      call.timer = this.#options.scheduler.schedule(expire, call.timeout);
      out.add(() => {
        if (call.correlation < 0) call.timer?.unsubscribe();
      });
      (call.urgent ? this.#urgent : this.#waiting).push(call);
      this.#wake();
    });
  }

  /** Takes the next response of the broker. */
  receive(response: Uint8Array): void {
    const call = this.#flying.first;
    const correlation = new DataView(response.buffer, response.byteOffset).getInt32(0);
    if (call?.correlation !== correlation) {
      const asked = call === undefined ? 'nothing was asked' : `${call.name} was asked as number ${call.correlation}`;
      return this.fail(new KafkaError('KAFKA_CORRELATION', `number ${correlation} was answered where ${asked}`));
    }
    this.#flying.shift();
    call.timer?.unsubscribe();
    this.#answers += 1;
    call.out.next(response);
    call.out.complete();
    this.#wake();
  }

  /** Whether it authenticates and no answer is owed: one that has come is being looked at. */
  get authenticating(): boolean {
    return this.#held && this.#flying.length === 0;
  }

  /** Holds back, or no longer, all but what is urgent, to authenticate. */
  hold(held: boolean): void {
    this.#held = held;
    this.#wake();
  }

  /** Takes no more requests, and ends the lane once all are answered. */
  close(): void {
    this.#closing = true;
    this.#wake();
  }

  /** Ends the lane with ABORT, and fails every request that is not answered, each with its own name in the message. */
  fail(failure: KafkaError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.throttle.stop();
    const calls = this.#sent === undefined ? [] : [this.#sent];
    this.#sent = undefined;
    for (const queue of [this.#flying, this.#urgent, this.#waiting]) {
      for (let call = queue.shift(); call !== undefined; call = queue.shift()) calls.push(call);
    }
    this.#options.failed(this.#fault());
    for (const call of calls) {
      call.timer?.unsubscribe();
      call.out.error(this.#fault(call));
    }
    this.#wake();
  }

  pull(balance: number): Following<RequestLane> | undefined {
    this.#sent?.out.complete();
    this.#sent = undefined;
    if (this.#failure !== undefined) return abort(this.#fault());
    const call = balance > 0 ? this.#next() : undefined;
    if (call === undefined) return this.#closing && this.pending === 0 ? end() : undefined;
    call.correlation = this.#correlation;
    this.#correlation = (this.#correlation + 1) & 0x7fffffff;
    if (call.answered) this.#flying.push(call);
    else {
      this.#sent = call;
      call.timer?.unsubscribe();
    }
    const pieces = call.write(call.correlation);
    return data({ pieces }, SIZE + lengthOf(pieces));
  }

  reset(ext: unknown): Abort<Fault> {
    this.#options.refused(ext as Fault | undefined);
    return abort(this.#fault());
  }

  #next(): Call | undefined {
    const urgent = shiftOpen(this.#urgent);
    if (urgent !== undefined) return urgent;
    if (this.#held || this.#flying.length >= this.#options.maxInFlight || this.throttle.lasts()) return undefined;
    return shiftOpen(this.#waiting);
  }

  #fault(call?: { readonly name: string }): KafkaError {
    const { broker } = this.#options;
    return (this.#failure ?? closed).at(call === undefined ? broker : `${broker}, ${call.name}`);
  }
}

/** Takes the first that is not given up. */
function shiftOpen(calls: Deque<Call>): Call | undefined {
  for (;;) {
    const call = calls.shift();
    if (call === undefined || !call.out.closed) return call;
  }
}
