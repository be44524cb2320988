import { type Observable, type Observer, type SchedulerLike, Subject } from 'rxjs';
import { oneOf, positive, SluiceError } from '../errors.ts';
import type { Acks, Kafka, KafkaAnswer, KafkaBegin } from '../protocol/kafka.ts';
import { errorOf } from '../protocol/kafka-error.ts';
import type { Binding } from '../protocol.ts';
import { eventLoop } from '../scheduler.ts';
import { type Encodable, type Encoding, type EncodingFunction, encoderOf } from './encoding.ts';
import { MessageWriter } from './message-writer.ts';
import { fragmentOf, type NewMessage, type NewMessageOpening, openingOf, type Writing } from './new-message.ts';
import { ProduceStream } from './produce-stream.ts';

export interface ProduceOptions<K extends Encoding = Encoding, V extends Encoding = Encoding> {
  readonly topic: string;
  /** The one partition to write to; by default each record says, or its key does, or each goes in turn. */
  readonly partition?: number;
  /** How many replicas have a record before it is answered; `all` by default. */
  readonly acks?: Acks;
  /** How keys are written, `bytes` by default, for which a string will do. */
  readonly key?: K | EncodingFunction;
  /** How values are written, `bytes` by default, for which a string will do. */
  readonly value?: V | EncodingFunction;
  /** How much waits, in bytes, before it is told to wait: an integer >= 1, 64 KiB by default. */
  readonly highWaterMark?: number;
  readonly scheduler?: SchedulerLike;
}

/** Where a record stands. */
export interface Produced {
  readonly partition: number;
  /** -1 where no acks were asked for. */
  readonly offset: bigint;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
}

/** What became of record number `record` of those that `next` was given, counted from 0. */
export type ProduceAnswer =
  | ({ readonly answer: 'produced'; readonly record: number } & Produced)
  /** It is not in the topic. */
  | { readonly answer: 'refused'; readonly record: number; readonly error: unknown }
  /** Its stream failed before it was answered: it may be in the topic, or not. */
  | { readonly answer: 'unknown'; readonly record: number; readonly error: unknown };

type Outcome = Produced | Failed;
type Failed = { readonly answer: 'refused' | 'unknown'; readonly error: unknown };
type Settle = (outcome: Outcome) => void;

/** A stream that is open, and who waits for the answers to its records. */
interface Open {
  readonly stream: ProduceStream;
  readonly pending: Map<number, Settle>;
  records: number;
}

/**
 * Writes records to a topic. All that are sent share one stream, which is opened with the first; after one that failed, the
 * next record opens another.
 */
export class Producer<K = unknown, V = unknown> implements Observer<NewMessage<K, V>> {
  readonly #options: Omit<ConstructorParameters<typeof ProduceStream>[0], 'answered' | 'drained' | 'over'>;
  readonly #writing: Writing;
  readonly #answers = new Subject<ProduceAnswer>();
  readonly #waiting = new Set<() => void>();
  #open: Open | undefined;
  #records = 0;
  #isClosed = false;
  #failure: { readonly error: unknown } | undefined;

  /** @throws SluiceError OPTION_INVALID */
  constructor(binding: Binding<Kafka>, options: ProduceOptions) {
    const { key = 'bytes', value = 'bytes', highWaterMark = 64 * 1024, scheduler = eventLoop } = options;
    const acks = oneOf('acks', options.acks, ['all', 'leader', 'none']);
    const begin = beginOf(options);
    this.#options = { binding, begin, highWaterMark: positive('highWaterMark', highWaterMark), scheduler };
    // A stream to one partition does not say for all of its records.
    this.#writing = {
      key: encoderOf(key, 'key'),
      value: encoderOf(value, 'value'),
      acks: begin.api === 'produce' ? acks : undefined,
    };
  }

  /**
   * What became of each record that `next` was given, as the answers come; completes when all of them have, after `complete`.
   */
  get answers(): Observable<ProduceAnswer> {
    return this.#answers;
  }

  /** Whether `next` would answer that there is room. */
  get hasRoom(): boolean {
    return this.#open?.stream.hasRoom ?? true;
  }

  /**
   * Sends a record and answers where it stands. Rejects with its own error, PRODUCE_CLOSED or MESSAGE_ENCODE; no other record
   * is the worse for it.
   */
  send(message: NewMessage<K, V>): Promise<Produced> {
    return new Promise((resolve, reject) => {
      this.#give(message, (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome)));
    });
  }

  /**
   * Sends a record, of which `answers` will tell; answers whether there is room for more. One that is given all the same
   * waits in memory.
   */
  next(message: NewMessage<K, V>): boolean {
    const record = this.#records;
    this.#records += 1;
    this.#give(message, (outcome) => {
      if ('error' in outcome) {
        this.#failure ??= { error: outcome.error };
        const { answer, error } = outcome;
        this.#answers.next({ answer, record, error });
      } else {
        const { partition, offset, timestamp } = outcome;
        this.#answers.next({ answer: 'produced', record, partition, offset, timestamp });
      }
    });
    return this.hasRoom;
  }

  /** Resolves when there is room for more. */
  ready(): Promise<void> {
    return this.#until(() => this.hasRoom);
  }

  /** Opens a writable stream for the value of one record, whatever length it will have. @throws SluiceError PRODUCE_CLOSED, MESSAGE_ENCODE */
  open(message: NewMessageOpening<K> = {}): MessageWriter {
    if (this.#isClosed) throw closed();
    return new MessageWriter(this.#options, openingOf(this.#writing, message));
  }

  /** Takes no more records; those that it has are sent. */
  complete(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#open?.stream.end();
    this.#finish();
  }

  /** As `complete`; `close` rejects with the reason. */
  error(reason: unknown): void {
    this.#failure ??= { error: reason };
    this.complete();
  }

  /** As `complete`; resolves once all is answered, or rejects with what went wrong first of what `next` was given. */
  async close(): Promise<void> {
    this.complete();
    await this.#until(() => this.#open === undefined);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #give(message: NewMessage<unknown, unknown>, settle: Settle): void {
    if (this.#isClosed) return settle({ answer: 'refused', error: closed() });
    let frame: ReturnType<typeof fragmentOf>;
    try {
      frame = fragmentOf(this.#writing, message);
    } catch (error) {
      return settle({ answer: 'refused', error });
    }
    const open = this.#opened();
    open.pending.set(open.records, settle);
    open.records += 1;
    open.stream.put(frame);
  }

  #opened(): Open {
    if (this.#open !== undefined) return this.#open;
    const pending: Open['pending'] = new Map();
    const stream = new ProduceStream({
      ...this.#options,
      answered: (answer) => answered(pending, answer),
      drained: () => this.#changed(),
      over: (error) => this.#over(pending, error),
    });
    this.#open = { stream, pending, records: 0 };
    return this.#open;
  }

  #over(pending: Open['pending'], error: unknown): void {
    this.#open = undefined;
    for (const settle of pending.values()) settle({ answer: 'unknown', error });
    this.#changed();
    this.#finish();
  }

  #finish(): void {
    if (this.#isClosed && this.#open === undefined) this.#answers.complete();
  }

  #changed(): void {
    for (const check of this.#waiting) check();
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}

function answered(pending: Open['pending'], answer: KafkaAnswer): void {
  const settle = pending.get(answer.record);
  pending.delete(answer.record);
  if (answer.answer === 'refused') settle?.({ answer: 'refused', error: errorOf(answer.fault) });
  else settle?.({ partition: answer.partition, offset: answer.offset, timestamp: answer.timestamp });
}

const beginOf = ({ topic, partition, acks }: ProduceOptions): KafkaBegin =>
  partition === undefined
    ? {
        api: 'merged',
        capabilities: 'produce',
        topic,
        from: { default: 'latest' },
        ...(acks !== undefined && { acks }),
      }
    : { api: 'produce', topic, partition };

const closed = (): SluiceError => new SluiceError('PRODUCE_CLOSED', 'this producer takes no more records');

/**
 * Writes to a topic through a binding that answers kafka streams, `merged` or, to one partition, `produce`.
 *
 * @example
 * const orders = produce(binding, { topic: 'orders', value: 'json' });
 * const { partition, offset } = await orders.send({ key: 'a', value: { total: 5 } });
 *
 * @throws SluiceError OPTION_INVALID
 */
export const produce = <const K extends Encoding = 'bytes', const V extends Encoding = 'bytes'>(
  binding: Binding<Kafka>,
  options: ProduceOptions<K, V>,
): Producer<Encodable<K>, Encodable<V>> => new Producer(binding, options);
