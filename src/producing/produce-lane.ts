import { type Observable, type SchedulerLike, Subscriber } from 'rxjs';
import { type ControlSink, reset } from '../control.ts';
import { Deque } from '../deque.ts';
import { positive } from '../errors.ts';
import type { Data, Frame } from '../frame.ts';
import { LaneCredit } from '../lane-credit.ts';
import { listen } from '../listen.ts';
import { keep } from '../payload.ts';
import type { Acks, Fragment, Kafka, KafkaAnswer, KafkaFault, Meta } from '../protocol/kafka.ts';
import { isFault, KafkaError } from '../protocol/kafka-error.ts';
import { tooLarge } from '../protocol/kafka-producing.ts';
import { PartitionChoice } from '../protocol/partition-choice.ts';
import { eventLoop } from '../scheduler.ts';
import { LaneAnswers, type Slot } from './lane-answers.ts';
import type { Send } from './produced.ts';
import { type Assembled, fragment, RecordAssembler } from './record-assembler.ts';

export interface ProduceLaneOptions {
  readonly topic: string;
  /** Its partitions, again when they change; errors with a fault if it cannot be produced to. */
  readonly partitions: Observable<Pick<Meta, 'partitions'>>;
  readonly send: Send;
  /** The one partition of the stream; without it, each record says, or its key, or each goes in turn. */
  readonly only?: number | undefined;
  /** Those of records that do not say. */
  readonly acks: Acks;
  /** The credit granted at BEGIN, an integer >= 1. */
  readonly window: number;
  /** The most bytes of a record, an integer >= 1, or where to ask for that when there is one that does not fit the window. */
  readonly maxRecord: number | Observable<number>;
  /** Told the answer to each record, in their order; none is told inside of telling another. */
  readonly answer: (answer: KafkaAnswer) => void;
  /** Told that END has come and all is answered. */
  readonly done: () => void;
  /** Told, once all is answered that was whole, why the stream cannot go on: a fault, or a defect. */
  readonly fail: (thrown: unknown) => void;
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * The initial lane of one produce stream: puts records together from fragments, chooses their partitions, hands them to
 * who writes them, and answers them in order. A record holds its credit until it is answered. One that is larger than the
 * window is lent more while no other is under way, up to `maxRecord`; one that is larger than that is refused, and the
 * rest of it swallowed. What is whole is sent, however the lane ends.
 */
export class ProduceLane {
  readonly #options: ProduceLaneOptions;
  readonly #credit: LaneCredit;
  readonly #assembler: RecordAssembler;
  readonly #choice: PartitionChoice;
  readonly #answers: LaneAnswers;
  /** Records that are whole, until the topic's partitions are known. */
  readonly #unrouted = new Deque<{ readonly slot: Slot; readonly assembled: Assembled }>();
  readonly #life: Subscriber<never>;
  #topic: Pick<Meta, 'partitions'> | undefined;
  #isAsking = false;
  #control: ControlSink = () => {};
  /** What the record that is open holds. */
  #held = 0;
  #isOver = false;
  #isClosed = false;
  #failure: { readonly thrown: unknown } | undefined;

  /** @throws SluiceError OPTION_INVALID */
  constructor(options: ProduceLaneOptions) {
    const { partitions, window, maxRecord, only, scheduler = eventLoop } = options;
    this.#options = options;
    this.#credit = new LaneCredit(window);
    const most = typeof maxRecord === 'number' ? positive('maxRecord', maxRecord) : Number.POSITIVE_INFINITY;
    this.#assembler = new RecordAssembler(most, () => scheduler.now());
    this.#choice = new PartitionChoice(only);
    const defect = (thrown: unknown): void => this.#defect(thrown);
    this.#answers = new LaneAnswers({
      answer: (answer, cost) => {
        options.answer(answer);
        this.#free(cost);
      },
      done: () => this.#finished(),
      failed: defect,
      scheduler,
    });
    this.#life = new Subscriber<never>({ next() {}, error: defect, complete() {} });
    listen(partitions, this.#life, {
      next: (known) => {
        this.#topic = known;
        this.#route();
      },
      error: (thrown) => this.#unknown(thrown),
      complete() {},
    });
  }

  /** Takes the next frame of the lane. */
  receive(frame: Frame<Kafka['initial']>): void {
    if (frame.kind === 'begin') this.#control = frame.control;
    if (this.#isOver) {
      if (frame.kind === 'begin' && this.#failure !== undefined) frame.control(reset(this.#failure.thrown));
      return;
    }
    switch (frame.kind) {
      case 'begin':
        return this.#credit.open(frame.control);
      case 'data':
        return this.#take(frame);
      case 'flush':
        return;
      case 'end':
        if (this.#assembler.isOpen)
          return this.#fail(fragment('END comes before the last of a record').at(this.#place));
        this.#isOver = true;
        return this.#answers.finish();
      case 'abort':
        this.#isOver = true;
        return this.#assembler.drop();
    }
  }

  /** Tells nothing more, and takes nothing more. What is whole is sent all the same. */
  close(): void {
    this.#isClosed = true;
    this.#isOver = true;
    this.#assembler.drop();
    this.#answers.stop();
    if (this.#unrouted.length === 0) this.#life.unsubscribe();
  }

  get #place(): string {
    return `topic ${this.#options.topic}`;
  }

  #take(frame: Data<Fragment>): void {
    this.#credit.spend(frame.reserved);
    this.#held += frame.reserved;
    let part: ReturnType<RecordAssembler['take']>;
    try {
      part = this.#assembler.take(keep(frame).payload);
    } catch (thrown) {
      return this.#fail(thrown instanceof KafkaError ? thrown.at(this.#place) : thrown);
    }
    if (part === 'open') return this.#extend();
    const cost = this.#held;
    this.#held = 0;
    if (part === 'swallowed') return this.#credit.give(cost);
    if (part === 'too-large') {
      const { size, maxRecord } = this.#assembler;
      this.#answers.close(this.#answers.open(0), tooLarge(this.#place, size, maxRecord));
      return this.#credit.give(cost);
    }
    this.#unrouted.push({ slot: this.#answers.open(cost), assembled: part });
    this.#route();
  }

  /** Hands on what is whole, once it is known where it can go. */
  #route(): void {
    if (this.#topic === undefined) return;
    for (let next = this.#unrouted.shift(); next !== undefined; next = this.#unrouted.shift()) {
      const { slot, assembled } = next;
      const { acks = this.#options.acks, producer: own, since } = assembled.opens;
      const partition = this.#choice.of(assembled.opens, this.#topic);
      const how = { acks, own, since };
      this.#options.send(partition, assembled.record, how, (result) => this.#answers.close(slot, result));
    }
    if (this.#isClosed) this.#life.unsubscribe();
  }

  /** Returns the credit of a record that is answered. */
  #free(cost: number): void {
    this.#credit.give(cost);
    this.#extend();
  }

  /** Sees to it that a record can go on which holds all that is held, so that nothing would be returned before it ends. */
  #extend(): void {
    if (this.#answers.length > 0 || !this.#assembler.isOpen || this.#credit.refill()) return;
    const { maxRecord } = this.#options;
    if (Number.isFinite(this.#assembler.maxRecord)) return this.#credit.lend();
    if (this.#isAsking || typeof maxRecord === 'number') return;
    this.#isAsking = true;
    listen(maxRecord, this.#life, {
      next: (limit) => {
        this.#assembler.maxRecord = limit;
        this.#extend();
      },
      error: (thrown) => this.#unknown(thrown),
      complete() {},
    });
  }

  #unknown(thrown: unknown): void {
    if (!isFault(thrown)) throw thrown;
    this.#lost(thrown);
  }

  /** Refuses what is not handed on, since the topic cannot be produced to. */
  #lost(fault: KafkaFault): void {
    for (let next = this.#unrouted.shift(); next !== undefined; next = this.#unrouted.shift()) {
      this.#answers.close(next.slot, fault);
    }
    this.#fail(fault);
  }

  /** Refuses the rest of the lane; says why once all is answered that was whole. */
  #fail(thrown: unknown): void {
    if (this.#failure !== undefined || this.#isClosed) return;
    this.#failure = { thrown };
    this.#isOver = true;
    this.#assembler.drop();
    this.#control(reset(thrown));
    this.#answers.finish();
  }

  /** Something threw that must not; no answer is told any more. */
  #defect(thrown: unknown): void {
    if (this.#isClosed) return;
    this.#failure = { thrown };
    this.#control(reset(thrown));
    this.#finished();
  }

  #finished(): void {
    const { done, fail } = this.#options;
    this.close();
    if (this.#failure === undefined) done();
    else fail(this.#failure.thrown);
  }
}
