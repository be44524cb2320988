import { Writable } from 'node:stream';
import { SluiceError } from '../errors.ts';
import type { Data } from '../frame.ts';
import type { Fragment, KafkaAnswer, ProducedRecord } from '../protocol/kafka.ts';
import { errorOf } from '../protocol/kafka-error.ts';
import { fragment } from '../protocol/kafka-fragment.ts';
import { ProduceStream, type ProduceStreamOptions } from './produce-stream.ts';
import type { Produced } from './producer.ts';

type Done = (error?: Error | null) => void;

/**
 * The value of one record, of which the length need not be known: a writable stream of Node. It finishes when the record is
 * answered, and fails with the record's own error. One that is destroyed before leaves nothing behind.
 */
export class MessageWriter extends Writable {
  readonly #stream: ProduceStream;
  #opens: ProducedRecord | undefined;
  #waiting: Done | undefined;
  #finishing: Done | undefined;
  #produced: Produced | undefined;
  #isRefused = false;

  constructor(options: Omit<ProduceStreamOptions, 'answered' | 'drained' | 'over'>, opens: ProducedRecord) {
    super({ highWaterMark: options.highWaterMark });
    this.#opens = opens;
    this.#stream = new ProduceStream({
      ...options,
      answered: (answer) => this.#answered(answer),
      drained: () => this.#drained(),
      over: (error) => this.#fail(error),
    });
  }

  /** Whether the record is known not to be in the topic; of one that failed otherwise that is not known. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Where the record stands, once it is answered; rejects with what the stream fails with. */
  get answer(): Promise<Produced> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        if (this.#produced !== undefined) resolve(this.#produced);
        else reject(this.errored ?? new SluiceError('PRODUCE_CLOSED', 'the record was given up'));
      };
      // Whoever waits for the answer is told the error by it.
      this.on('error', () => {});
      if (this.closed) settle();
      else this.once('close', settle);
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#put(chunk, false);
    if (this.#stream.hasRoom) done();
    else this.#waiting = done;
  }

  override _final(done: Done): void {
    this.#finishing = done;
    this.#put(Buffer.alloc(0), true);
    this.#stream.end();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#stream.leave();
    done(error);
  }

  #put(body: Uint8Array, last: boolean): void {
    const opens = this.#opens;
    this.#opens = undefined;
    const frame: Data<Fragment> = fragment(body, last, opens);
    this.#stream.put(frame);
  }

  #drained(): void {
    const done = this.#waiting;
    this.#waiting = undefined;
    done?.();
  }

  #answered(answer: KafkaAnswer): void {
    if (answer.answer === 'refused') {
      this.#isRefused = true;
      return this.#fail(errorOf(answer.fault));
    }
    const { partition, offset, timestamp } = answer;
    this.#produced = { partition, offset, timestamp };
    this.#finishing?.();
  }

  #fail(error: unknown): void {
    if (this.#produced === undefined) this.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
