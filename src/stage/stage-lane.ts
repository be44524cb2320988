import type { Subscription } from 'rxjs';
import type { ControlSink } from '../control.ts';
import { Deque } from '../deque.ts';
import { type Data, end, type Following } from '../frame.ts';
import { LaneCredit } from '../lane-credit.ts';
import { listen } from '../listen.ts';
import { Loop } from '../loop.ts';
import { keep } from '../payload.ts';
import type { Acks, Fragment, Kafka, KafkaAnswer, KafkaFault, Meta, ProducedRecord } from '../protocol/kafka.ts';
import { isFault } from '../protocol/kafka-error.ts';
import { tooLarge } from '../protocol/kafka-producing.ts';
import type { Answering, Stream } from '../protocol/kafka-stream.ts';
import { PartitionChoice } from '../protocol/partition-choice.ts';
import { Moving } from './moving.ts';
import { StageAnswers } from './stage-answers.ts';
import { full, misfit } from './stage-faults.ts';
import { type Owner, StagedRecord } from './staged-record.ts';
import type { Producing, TopicStage } from './topic-stage.ts';

export interface StageLaneOptions {
  readonly control: ControlSink;
  readonly stream: Stream;
  readonly stage: TopicStage;
  /** The one partition of the stream, if it has but one. */
  readonly only: number | undefined;
  /** Those of records that do not say. */
  readonly acks: Acks;
}

const UNSAID = 'the first of a record does not say what it is';
const SAID = 'one in the middle of a record says what it is';

/** One stream: puts its records together, one after the other, and answers them. */
export class StageLane implements Answering, Owner, Producing {
  readonly #options: StageLaneOptions;
  readonly #credit: LaneCredit;
  readonly #choice: PartitionChoice;
  readonly #frames = new Deque<Data<Fragment>>();
  readonly #answers: StageAnswers;
  readonly #moving: Moving;
  readonly #loop: Loop;
  #meta: Pick<Meta, 'partitions'> = { partitions: [] };
  #open: StagedRecord | undefined;
  /** What is being written of it. */
  #writing: Subscription | undefined;
  #isSwallowing = false;
  #records = 0;
  #hasEnded = false;
  #isClosed = false;
  #failure: { readonly thrown: unknown } | undefined;

  constructor(options: StageLaneOptions) {
    const { stage, stream, only, control } = options;
    this.#options = options;
    this.#credit = new LaneCredit(stage.options.window);
    this.#choice = new PartitionChoice(only);
    this.#answers = new StageAnswers(() => stream.wake());
    this.#moving = new Moving({
      ...{ window: stage.options.window, isSingle: only !== undefined, scheduler: stage.options.scheduler },
      overdue: () => this.#open !== undefined && this.#advance(this.#open),
    });
    this.#loop = new Loop(
      () => this.#step(),
      (thrown) => this.fail(thrown),
      stage.options.scheduler,
    );
    stage.join(this);
    stream.life.add(() => this.#close());
    if (only === undefined) stage.teach(this);
    else this.#credit.open(control);
  }

  learn(meta: Meta): void {
    this.#meta = meta;
    this.#credit.open(this.#options.control);
  }

  limited(): void {
    if (this.#open !== undefined) this.#limit(this.#open);
  }

  receive(frame: Exclude<Following<Kafka['initial']>, { kind: 'abort' }>): void {
    if (this.#failure !== undefined || frame.kind === 'flush') return;
    if (frame.kind === 'end') this.#hasEnded = true;
    else {
      this.#frames.push(keep(frame));
      this.#credit.spend(frame.reserved);
      this.#credit.refill();
    }
    this.#loop.wake();
  }

  pull(): Following<Kafka['reply']> | undefined {
    const answer = this.#answers.shift();
    if (answer !== undefined) return answer;
    const isAnswered = this.#answers.open === 0;
    if (this.#failure !== undefined && (isAnswered || !isFault(this.#failure.thrown))) throw this.#failure.thrown;
    return this.#hasEnded && isAnswered && this.#frames.length === 0 ? end() : undefined;
  }

  /** Refuses the rest of the lane; says why once all is answered that is whole. */
  fail(thrown: unknown): void {
    this.#failure ??= { thrown };
    if (this.#open !== undefined) this.#answers.forget();
    this.#drop();
    this.#options.stream.wake();
  }

  admitted(record: StagedRecord): void {
    const { store } = this.#options.stage.options;
    const written = record.held;
    record.file ??= store.create();
    const writing = listen(record.file.append(record.takePieces()), this.#options.stream.life, {
      next() {},
      error: (thrown) => {
        if (!isFault(thrown)) throw thrown;
        this.#refuse(record, thrown);
      },
      complete: () => {
        this.#writing = undefined;
        record.held -= written;
        this.#give(written);
        this.#advance(record);
      },
    });
    if (!writing.closed) this.#writing = writing;
  }

  full(record: StagedRecord): void {
    this.#refuse(record, full(this.#place(record), this.#options.stage.options.disk));
  }

  answered(record: StagedRecord, answer: KafkaAnswer): void {
    if (this.#isClosed) return;
    // Before its credit, which may bring what is answered at once.
    this.#answers.answered(record, answer);
    this.#give(record.held);
  }

  #step(): boolean {
    // What follows on a record that is being written waits, for order is kept.
    if (this.#open?.isWhole || this.#failure !== undefined) return false;
    const frame = this.#frames.shift();
    if (frame !== undefined) this.#take(frame);
    else if (this.#hasEnded && (this.#open !== undefined || this.#isSwallowing)) {
      this.fail(misfit('END comes before the last of a record', this.#options.stage.topic));
    } else if (this.#hasEnded) this.#options.stream.wake();
    return frame !== undefined;
  }

  #take({ payload: { opens, body, last }, reserved }: Data<Fragment>): void {
    const isFirst = this.#open === undefined && !this.#isSwallowing;
    if (isFirst !== (opens !== undefined)) return this.fail(misfit(isFirst ? UNSAID : SAID, this.#options.stage.topic));
    if (this.#isSwallowing) {
      this.#isSwallowing = !last;
      return this.#give(reserved);
    }
    this.#open ??= this.#begin(opens as ProducedRecord);
    const record = this.#open;
    record.add(body, reserved);
    record.isWhole = last;
    if (!this.#limit(record)) this.#advance(record);
  }

  /** Refuses a record that is too large; answers whether it is. */
  #limit(record: StagedRecord): boolean {
    const { limit } = this.#options.stage;
    if (record.size <= limit) return false;
    this.#refuse(record, tooLarge(this.#place(record), record.size, limit));
    return true;
  }

  #begin(opens: ProducedRecord): StagedRecord {
    const { stage, acks } = this.#options;
    const partition = this.#choice.of(opens, this.#meta);
    const record = new StagedRecord(this, opens, { number: this.#records, partition, age: stage.next(), acks });
    this.#records += 1;
    this.#answers.begun();
    return record;
  }

  /** Does with the record that is open what there is to do. */
  #advance(record: StagedRecord): void {
    if (record !== this.#open || this.#writing !== undefined) return;
    const { share } = this.#options.stage.exit(record.partition);
    const isWritten = record.file !== undefined && record.held === 0;
    if (record.isWhole && (record.file === undefined || isWritten)) {
      if (record.file === undefined) share.release(record);
      return this.#complete(record);
    }
    if (share.awaits(record)) return;
    if (this.#moving.isDue(record, this.#credit.balance <= 0, this.#answers.open - 1)) share.ask(record);
  }

  #complete(record: StagedRecord): void {
    this.#open = undefined;
    this.#answers.handed(record);
    this.#options.stage.exit(record.partition).add(record);
    this.#loop.wake();
  }

  /** Answers a record with a fault, behind those before it, and swallows the rest of it. */
  #refuse(record: StagedRecord, fault: KafkaFault): void {
    this.#isSwallowing = !record.isWhole;
    this.#drop();
    this.#answers.refuse(record, fault);
    this.#give(record.held);
    this.#loop.wake();
  }

  /** Returns what is no longer held: at once if the sender has none left, since what holds the rest may be stuck. */
  #give(held: number): void {
    this.#credit.give(held);
    this.#credit.refill();
  }

  /** Leaves nothing of the record that is open. */
  #drop(): void {
    const record = this.#open;
    this.#open = undefined;
    this.#writing?.unsubscribe();
    this.#writing = undefined;
    record?.drop();
    if (record !== undefined) this.#options.stage.exit(record.partition).share.release(record);
  }

  #close(): void {
    this.#isClosed = true;
    this.#loop.stop();
    this.#moving.stop();
    this.#drop();
    this.#options.stage.leave(this);
  }

  #place({ partition }: StagedRecord): string {
    return `${this.#options.stage.topic}/${partition}`;
  }
}
