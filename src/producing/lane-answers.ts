import type { SchedulerLike } from 'rxjs';
import { Deque } from '../deque.ts';
import { Loop } from '../loop.ts';
import type { KafkaAnswer, KafkaFault } from '../protocol/kafka.ts';
import type { Produced } from './produced.ts';

/** A record that is not answered yet. */
export interface Slot {
  readonly record: number;
  /** The credit that it holds. */
  readonly cost: number;
  answer: KafkaAnswer | undefined;
}

export interface LaneAnswersOptions {
  /** Told each answer, in the order of the records, and the credit that it frees. */
  readonly answer: (answer: KafkaAnswer, cost: number) => void;
  /** Told once that all is answered, after `finish`. */
  readonly done: () => void;
  readonly failed: (thrown: unknown) => void;
  readonly scheduler: SchedulerLike;
}

/** The answers to the records of one lane, which come in any order and go in that of the records. */
export class LaneAnswers {
  readonly #options: LaneAnswersOptions;
  readonly #slots = new Deque<Slot>();
  readonly #loop: Loop;
  #records = 0;
  #isFinishing = false;

  constructor(options: LaneAnswersOptions) {
    this.#options = options;
    this.#loop = new Loop(() => this.#step(), options.failed, options.scheduler);
  }

  /** How many records are not answered. */
  get length(): number {
    return this.#slots.length;
  }

  /** Makes room for the answer to the next record. */
  open(cost: number): Slot {
    const slot: Slot = { record: this.#records, cost, answer: undefined };
    this.#records += 1;
    this.#slots.push(slot);
    return slot;
  }

  /** Answers a record. */
  close(slot: Slot, result: Produced | KafkaFault): void {
    const { record } = slot;
    if ('code' in result) slot.answer = { answer: 'refused', record, fault: result };
    else {
      const { partition, offset, timestamp } = result;
      slot.answer = { answer: 'produced', record, partition, offset, timestamp };
    }
    this.#loop.wake();
  }

  /** Says that no more records come. */
  finish(): void {
    this.#isFinishing = true;
    this.#loop.wake();
  }

  /** Tells nothing more. */
  stop(): void {
    this.#loop.stop();
  }

  #step(): boolean {
    const { first } = this.#slots;
    if (first?.answer !== undefined) {
      this.#slots.shift();
      this.#options.answer(first.answer, first.cost);
      return true;
    }
    if (first === undefined && this.#isFinishing) {
      this.#loop.stop();
      this.#options.done();
    }
    return false;
  }
}
