import { Account } from '../credit.ts';
import type { Source } from '../emitter.ts';
import { SluiceError } from '../errors.ts';
import { Fifo } from '../flow/queue.ts';
import { abort, end, type Following, type Frame } from '../frame.ts';
import type { Http } from '../protocol/http.ts';
import type { Kafka, ProducedRecord } from '../protocol/kafka.ts';
import { fragment } from '../protocol/kafka-fragment.ts';

type Initial = Kafka['initial'];

/** How much of a body may wait for Kafka's side, in bytes. */
const WINDOW = 64 * 1024;

/** What the rest of a request is that its client gave up. */
export const GIVEN_UP = new SluiceError('NET_CLOSED', 'the request was given up before it was whole');

const NOTHING = new Uint8Array(0);

/** A request as one record, its body in fragments: what Kafka's side does not take stays with the client. */
export class RequestBody implements Source<Initial> {
  readonly #record: ProducedRecord;
  readonly #isTombstone: boolean;
  readonly #taken: () => void;
  readonly #account = new Account(WINDOW);
  readonly #queue = new Fifo<Initial>((credit) => this.#account.owe(credit));
  #phase: 'waiting' | 'open' | 'whole' = 'waiting';
  #hasEnded = false;
  #isGivenUp = false;

  /**
   * @param isTombstone whether a request without a body is a record without a value
   * @param taken told of each fragment that is taken
   */
  constructor(record: ProducedRecord, isTombstone: boolean, taken: () => void) {
    this.#record = record;
    this.#isTombstone = isTombstone;
    this.#taken = taken;
  }

  /** Whether there is something that Kafka's side has not taken, or not answered. */
  get isWaiting(): boolean {
    return this.#hasEnded || !this.#queue.empty;
  }

  /** Takes the next frame of the request. */
  next(frame: Frame<Http['initial']>): void {
    switch (frame.kind) {
      case 'begin':
        this.#account.open(frame.control);
        return;
      case 'data':
        return this.#queue.offer(fragment(frame.payload, false));
      case 'end':
        this.#hasEnded = true;
        return;
      case 'abort':
        this.#isGivenUp = true;
    }
  }

  pull(balance: number): Following<Initial> | undefined {
    if (this.#isGivenUp) return abort(GIVEN_UP);
    if (this.#phase === 'whole') return end();
    if (balance <= 0 || !this.isWaiting) return undefined;
    this.#taken();
    if (this.#phase === 'waiting') return this.#open();
    const frame = this.#queue.poll(balance);
    if (frame !== undefined) return frame;
    this.#phase = 'whole';
    return fragment(NOTHING, true);
  }

  idle(): boolean {
    return this.#account.settle();
  }

  /** What the record is goes alone, so that its body can be cut to what is left. */
  #open(): Following<Initial> {
    const isEmpty = this.#hasEnded && this.#queue.empty;
    this.#phase = isEmpty ? 'whole' : 'open';
    return fragment(
      NOTHING,
      isEmpty,
      isEmpty && this.#isTombstone ? { ...this.#record, tombstone: true } : this.#record,
    );
  }
}
