import { Deque } from '../deque.ts';
import { type Flush, flush } from '../frame.ts';
import type { KafkaAnswer, KafkaFault } from '../protocol/kafka.ts';
import type { StagedRecord } from './staged-record.ts';

/** The answers to the records of one stream. Those to records of one partition are in order, and no other waits. */
export class StageAnswers {
  readonly #wake: () => void;
  readonly #answers = new Deque<Flush<KafkaAnswer>>();
  /** The last of each partition that was handed on. */
  readonly #last = new Map<number, StagedRecord>();
  #open = 0;

  /** @param wake told that there is an answer */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** How many records are not answered. */
  get open(): number {
    return this.#open;
  }

  /** Counts a record that has begun. */
  begun(): void {
    this.#open += 1;
  }

  /** Counts one no more that is never answered. */
  forget(): void {
    this.#open -= 1;
  }

  /** Learns that a record is handed on. */
  handed(record: StagedRecord): void {
    this.#last.set(record.partition, record);
  }

  /** Tells the answer of an exit to a record that was handed on, and what was to follow it. */
  answered(record: StagedRecord, answer: KafkaAnswer): void {
    record.isAnswered = true;
    if (this.#last.get(record.partition) === record) this.#last.delete(record.partition);
    this.#tell(numbered(answer, record.number));
    for (const follower of record.followers) this.#tell(follower);
  }

  /** Refuses a record that was not handed on, behind those of its partition that were. */
  refuse({ partition, number }: StagedRecord, fault: KafkaFault): void {
    const answer: KafkaAnswer = { answer: 'refused', record: number, fault };
    const before = this.#last.get(partition);
    if (before === undefined) this.#tell(answer);
    else before.followers.push(answer);
  }

  shift(): Flush<KafkaAnswer> | undefined {
    return this.#answers.shift();
  }

  #tell(answer: KafkaAnswer): void {
    this.#open -= 1;
    this.#answers.push(flush(answer));
    this.#wake();
  }
}

/** An answer of an exit, with the number that the record has in its own lane. */
const numbered = (answer: KafkaAnswer, record: number): KafkaAnswer =>
  answer.answer === 'refused'
    ? { answer: 'refused', record, fault: answer.fault }
    : { answer: 'produced', record, partition: answer.partition, offset: answer.offset, timestamp: answer.timestamp };
