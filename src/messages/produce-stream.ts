import { defer, type SchedulerLike, Subscriber } from 'rxjs';
import { emitter, type Source } from '../emitter.ts';
import { Fifo } from '../flow/queue.ts';
import { type Data, end, type Following } from '../frame.ts';
import { listen } from '../listen.ts';
import type { Fragment, Kafka, KafkaAnswer, KafkaBegin } from '../protocol/kafka.ts';
import { errorOf } from '../protocol/kafka-error.ts';
import type { Binding } from '../protocol.ts';

export interface ProduceStreamOptions {
  readonly binding: Binding<Kafka>;
  readonly begin: KafkaBegin;
  /** How much waits, in bytes, before there is no room. */
  readonly highWaterMark: number;
  readonly scheduler: SchedulerLike;
  /** Told the answer to each record, counted from 0. */
  readonly answered: (answer: KafkaAnswer) => void;
  /** Told that there is room again. */
  readonly drained: () => void;
  /** Told, once, that the stream is over: nothing is answered any more, for this reason. */
  readonly over: (error: unknown) => void;
}

/** One stream of records to produce: what is put into it goes as there is credit, and each record is answered. */
export class ProduceStream {
  readonly #options: ProduceStreamOptions;
  readonly #waiting = new Fifo<Kafka['initial']>(() => {});
  readonly #life: Subscriber<never>;
  #wake = (): void => {};
  #isOpen = false;
  #isEnded = false;
  #isOver = false;

  constructor(options: ProduceStreamOptions) {
    this.#options = options;
    this.#life = new Subscriber<never>({ next() {}, error: (error: unknown) => this.#over(error), complete() {} });
  }

  /** Whether more may be put in. */
  get hasRoom(): boolean {
    return this.#waiting.waiting < this.#options.highWaterMark;
  }

  /** Puts the next fragment in; the first opens the stream. */
  put(frame: Data<Fragment>): void {
    this.#waiting.offer(frame);
    if (this.#isOpen) return this.#wake();
    this.#isOpen = true;
    this.#open();
  }

  /** Says that no more comes: the stream is over once all is answered. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** Leaves: a record that is not whole yet leaves nothing behind. */
  leave(): void {
    this.#isOver = true;
    this.#life.unsubscribe();
  }

  #open(): void {
    const { binding, begin, scheduler, answered } = this.#options;
    const over = (error: unknown): void => this.#over(error);
    const open = (wake: () => void): Source<Kafka['initial']> => {
      this.#wake = wake;
      return { pull: (balance) => this.#pull(balance) };
    };
    const reply = defer(() => binding(emitter<Kafka['initial']>(begin, open, scheduler)));
    listen(reply, this.#life, {
      next(frame) {
        if (frame.kind === 'flush' && 'answer' in frame.ext) answered(frame.ext);
        else if (frame.kind === 'end') over(errorOf());
        else if (frame.kind === 'abort') over(errorOf(frame.ext));
      },
      complete: () => over(errorOf()),
    });
  }

  #pull(balance: number): Following<Kafka['initial']> | undefined {
    const hadRoom = this.hasRoom;
    const frame = this.#waiting.poll(balance);
    if (!hadRoom && this.hasRoom) this.#options.drained();
    return frame ?? (this.#isEnded && this.#waiting.empty ? end() : undefined);
  }

  #over(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#life.unsubscribe();
    this.#options.over(error);
  }
}
