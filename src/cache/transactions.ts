import type { RecordBatch } from '../protocol/kafka-batch.ts';
import { outcomeOf } from '../records/control-batch.ts';

/** A transaction that was aborted: everything of its producer from its first offset up to its marker. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
  readonly markerOffset: bigint;
}

/** What is open, as JSON; the oldest first. */
export type OpenTransactions = readonly (readonly [producerId: string, epoch: number, firstOffset: string])[];

interface Open {
  epoch: number;
  firstOffset: bigint;
}

/**
 * Which records of a partition are decided (KIP-98): it is shown every batch, data and control, in offset order. What an
 * append decides are the offsets from the last stable offset before it up to the one after it, so records become
 * decided in offset order, and only those of aborted transactions among them are void.
 *
 * Its state is what `open` says, which belongs in every append, and the aborted transactions that `append` answers.
 */
export class Transactions {
  /** By producer id, in the order of their first offsets, since no producer has two. */
  readonly #open = new Map<bigint, Open>();
  /** By producer id, in offset order. */
  readonly #aborted = new Map<bigint, AbortedTransaction[]>();
  #end: bigint;

  /** @param end the offset that comes next */
  constructor(end: bigint, open: OpenTransactions = [], aborted: Iterable<AbortedTransaction> = []) {
    this.#end = end;
    for (const [producerId, epoch, firstOffset] of open)
      this.#open.set(BigInt(producerId), { epoch, firstOffset: BigInt(firstOffset) });
    for (const one of aborted) this.#remember(one);
  }

  /** The offset behind the last batch. */
  get end(): bigint {
    return this.#end;
  }

  /** The first offset of the oldest transaction whose marker has not come, else the end. Never falls. */
  get lastStableOffset(): bigint {
    for (const { firstOffset } of this.#open.values()) return firstOffset;
    return this.#end;
  }

  /** What to give to the constructor to go on from here. */
  get open(): OpenTransactions {
    return Array.from(this.#open, ([id, { epoch, firstOffset }]) => [`${id}`, epoch, `${firstOffset}`] as const);
  }

  /**
   * Takes the next batch in. Answers the transaction that it aborts, if it does.
   *
   * @param place what messages name, such as `topic/0`
   * @throws KafkaError KAFKA_RECORD_BATCH for a control batch that cannot be read; then nothing has changed
   */
  append(batch: RecordBatch, place: string): AbortedTransaction | undefined {
    const aborted = batch.isControl ? this.#mark(batch, place) : undefined;
    if (!batch.isControl && batch.isTransactional && batch.count > 0) this.#data(batch);
    this.#end = batch.lastOffset + 1n;
    return aborted;
  }

  /** Takes note that nothing comes before an offset that has not come yet. */
  pass(offset: bigint): void {
    this.#end = offset;
  }

  /**
   * Whether a batch of data belongs to a transaction that was aborted; known once it is below the last stable offset. Where
   * the log starts within the batch, so does what is known of the transaction.
   */
  isAborted({ isTransactional, isControl, producerId, baseOffset, lastOffset }: RecordBatch): boolean {
    const all = isTransactional && !isControl ? this.#aborted.get(producerId) : undefined;
    if (all === undefined) return false;
    let [low, high] = [0, all.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((all[middle] as AbortedTransaction).markerOffset < baseOffset) low = middle + 1;
      else high = middle;
    }
    const next = all[low];
    return next !== undefined && next.firstOffset <= lastOffset;
  }

  /** Forgets what was below the first offset that is left: what is still open there begins at it. */
  drop(logStart: bigint): void {
    for (const open of this.#open.values()) if (open.firstOffset < logStart) open.firstOffset = logStart;
    for (const [producerId, all] of this.#aborted) {
      const left = all.filter(({ markerOffset }) => markerOffset >= logStart);
      if (left.length === 0) this.#aborted.delete(producerId);
      else if (left.length < all.length) this.#aborted.set(producerId, left);
    }
  }

  /** A batch that compaction emptied opens nothing: its marker may be gone, and it has no record to decide on. */
  #data({ producerId, producerEpoch, baseOffset }: RecordBatch): void {
    const open = this.#open.get(producerId);
    if (open === undefined) this.#open.set(producerId, { epoch: producerEpoch, firstOffset: baseOffset });
    else if (producerEpoch > open.epoch) open.epoch = producerEpoch;
  }

  /**
   * A marker ends whatever its producer has open, of its own epoch or an older one, which it fences: a coordinator that
   * gives a producer up aborts in its name with the next epoch. A marker of an older epoch is a fenced coordinator's,
   * and one without data is that of an empty transaction, or of one that compaction took or that was before the start.
   */
  #mark(batch: RecordBatch, place: string): AbortedTransaction | undefined {
    const { producerId, producerEpoch, baseOffset } = batch;
    const outcome = batch.count > 0 ? outcomeOf(batch, place) : undefined;
    const open = this.#open.get(producerId);
    if (outcome === undefined || open === undefined || producerEpoch < open.epoch) return undefined;
    this.#open.delete(producerId);
    if (outcome === 'commit') return undefined;
    const aborted = { producerId, firstOffset: open.firstOffset, markerOffset: baseOffset };
    this.#remember(aborted);
    return aborted;
  }

  #remember(aborted: AbortedTransaction): void {
    const all = this.#aborted.get(aborted.producerId);
    if (all === undefined) this.#aborted.set(aborted.producerId, [aborted]);
    else all.push(aborted);
  }
}
