import { KafkaError } from '../../protocol/kafka-error.ts';
import type { Codec } from '../../records/codecs/index.ts';
import { type Answered, judge, type Outcome, type Verdict } from './outcome.ts';
import type { Batch, Numbered } from './produce-batch.ts';
import { following, Numbering, type ProducerIds } from './producer-ids.ts';

/** How many batches of a partition a broker tells from those that it has. */
const MOST_FLYING = 5;

/** For how long a broker that took a batch is trusted to remember the producer, in milliseconds. */
const REMEMBERED = 60_000;

/**
 * The batches of one partition that are built and not over, in the order of their numbers. They are sent in that order,
 * and again in that order before anything new, once nothing behind them is under way. Batches that this producer does
 * not number travel alone, since no broker keeps their order.
 */
export class BatchLine {
  readonly #place: string;
  readonly #codec: Codec;
  readonly #numbering: Numbering;
  #batches: Batch[] = [];
  #flying = 0;
  /** Where those that fly are under way to. */
  #broker: number | undefined;
  #takenAt = Number.NEGATIVE_INFINITY;
  /** Whether some numbers may not be in the log, so that no higher ones follow on. */
  #hasGap = false;

  /** @param place how messages name the partition */
  constructor(place: string, codec: Codec, ids: ProducerIds) {
    this.#place = place;
    this.#codec = codec;
    this.#numbering = new Numbering(ids);
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  /** When the oldest record was handed in. */
  get since(): number | undefined {
    return this.#batches.find(({ isOver }) => !isOver)?.since;
  }

  /** Whether all that is under way went to `broker`: what belongs together uses one connection. */
  leadsTo(broker: number): boolean {
    return this.#flying === 0 || this.#broker === broker;
  }

  /** The batch that is to be sent now, unless it is time for a new one. */
  next(now: number): Batch | undefined {
    if (this.#flying === 0) this.#mend();
    const at = this.#batches.findIndex(({ isFlying }) => !isFlying);
    // With more under way than stand before it, some of those behind it are.
    return at >= 0 && at === this.#flying && this.#flying < this.#most(now) ? this.#batches[at] : undefined;
  }

  /** Whether a new batch, numbered so, may be sent now. */
  takes(numbered: Numbered, now: number): boolean {
    if (this.isEmpty) return numbered !== 'ours' || (!this.#hasGap && this.#numbering.isReady);
    const isAlike = numbered === 'ours' && this.#batches[0]?.numbered === 'ours';
    const isAllFlying = this.#flying === this.#batches.length;
    return isAlike && isAllFlying && !this.#hasGap && this.#flying < this.#most(now);
  }

  /** Takes a new batch, which is numbered here where it is for this producer to do so. */
  push(batch: Batch): void {
    if (batch.numbered === 'ours') this.#number(batch);
    this.#batches.push(batch);
  }

  /** Says that a batch is under way to `broker`. */
  fly(batch: Batch, broker: number): void {
    batch.isFlying = true;
    this.#broker = broker;
    this.#flying += 1;
  }

  /** Takes back a batch that was to be under way, and did not leave. */
  recall(batch: Batch): void {
    this.#land(batch);
    if (batch.isOver) this.#drop(batch);
  }

  /** Does with a batch that was under way what its outcome asks for; `again` and `renumber` wait for `next`. */
  settle(batch: Batch, outcome: Outcome, place: string, now: number): Verdict {
    const verdict = judge(batch, outcome, this.#batches[0] === batch);
    const fault = verdict.fault?.at(place);
    this.#land(batch);
    batch.isInDoubt = verdict.isInDoubt;
    if (verdict.kind === 'written') {
      this.#takenAt = now;
      this.#remove([batch]);
      batch.written((outcome as Answered).answer);
    } else if (batch.isOver) this.#drop(batch);
    else if (verdict.kind === 'split') this.#split(batch);
    else if (verdict.kind === 'renumber') this.#hasGap = true;
    else if (verdict.kind === 'refused') {
      this.#drop(batch);
      const told = fault as KafkaError;
      const culprits = 'answer' in outcome ? outcome.answer.recordErrors : [];
      batch.refused(batch.isInDoubt ? told.but(this.#inDoubt) : told, culprits);
    }
    return { ...verdict, ...(fault && { fault }) };
  }

  /** Answers with a fault all batches with records that were handed in before, though they may be under way. */
  refuse(fault: KafkaError, before: number): void {
    for (const batch of this.#batches.filter(({ since, isOver }) => !isOver && since <= before)) {
      batch.refused(batch.isInDoubt || batch.isFlying ? fault.but(this.#inDoubt) : fault);
      if (!batch.isFlying) this.#drop(batch);
    }
  }

  /**
   * Numbers anew what is not written, if some numbers may be missing. What may be written keeps its numbers: it is sent
   * with them while it comes first, and no broker takes it once it does not.
   */
  #mend(): void {
    const [first] = this.#batches;
    if (!this.#hasGap || first?.isInDoubt || (first !== undefined && first.numbered !== 'ours')) return;
    this.#numbering.restart();
    if (!this.#numbering.isReady) return;
    this.#hasGap = false;
    const doubtful = this.#batches.filter(({ isInDoubt }) => isInDoubt);
    this.#remove(doubtful);
    for (const batch of this.#batches) this.#number(batch);
    for (const batch of doubtful) batch.refused(overtaken.at(this.#place).but(this.#inDoubt));
  }

  /** Puts the halves of a batch in its place; together they have the numbers that it had. */
  #split(batch: Batch): void {
    const halves = batch.halves(this.#codec);
    let { sequence } = batch;
    for (const half of halves) {
      if (half.numbered === 'ours') half.number(this.#numbering.keep(sequence));
      sequence = following(sequence, half.count);
    }
    this.#batches = this.#batches.flatMap((one) => (one === batch ? halves : [one]));
  }

  get #inDoubt(): string {
    return `whether it was written to ${this.#place} is not known`;
  }

  #number(batch: Batch): void {
    batch.number(this.#numbering.take(batch.count));
  }

  #land(batch: Batch): void {
    batch.isFlying = false;
    this.#flying -= 1;
  }

  /** Removes a batch that may not be in the log. */
  #drop(batch: Batch): void {
    this.#hasGap ||= batch.numbered === 'ours';
    this.#remove([batch]);
  }

  #remove(batches: readonly Batch[]): void {
    this.#batches = this.#batches.filter((one) => !batches.includes(one));
  }

  /**
   * How many may be under way. A broker that does not know the producer takes any number for the first, so that a batch
   * could overtake the one before it; and where there is a gap, the next shows what became of the one before it.
   */
  #most(now: number): number {
    return this.#hasGap || now - this.#takenAt > REMEMBERED ? 1 : MOST_FLYING;
  }
}

/** What a batch gets whose numbers no broker takes any more. */
const overtaken = new KafkaError('KAFKA_DELIVERY_TIMEOUT', 'it was given up with one before it');
