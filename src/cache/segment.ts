import type { Chunk } from '../log/log.ts';
import type { Gap } from '../marks.ts';
import type { KafkaRecord } from '../protocol/kafka.ts';
import type { RecordBatch } from '../protocol/kafka-batch.ts';
import { JoinedRun } from '../records/joined-run.ts';
import { type RecordRun, runOf } from '../records/record-run.ts';
import { MOST_RECORDS } from '../run.ts';
import { earlier } from './offsets.ts';

/** A run of which keys and offsets can be had without its records. */
export type KeyedRun = RecordRun | JoinedRun;

/** What is read is decided by it. */
export interface Decided {
  /** Up to where it is. */
  readonly lastStableOffset: bigint;
  /** Whether a batch is void, among what is decided. */
  isAborted(batch: RecordBatch): boolean;
}

/** Records that are read at once: of a large batch a part, of small ones several. */
interface Slot {
  readonly from: bigint;
  readonly to: bigint;
  readonly parts: readonly Part[];
  committed?: Chunk<KafkaRecord>;
  uncommitted?: Chunk<KafkaRecord>;
  /** Up to where all was decided when `uncommitted` was made. */
  stable: bigint;
}

interface Part {
  readonly batch: RecordBatch;
  readonly run: RecordRun;
}

/** Batches with fewer records are joined, up to so many. */
const FEW = 256;

/** What a record takes in memory beside its bytes, and what a batch does. */
const RECORD = 32;
const BATCH = 400;

/** A stretch of a log in memory, indexed once however many read it. */
export class Segment {
  readonly from: bigint;
  readonly to: bigint;
  /** The memory it takes. */
  readonly bytes: number;
  readonly gap: Gap | undefined;
  /** Whether it was read since memory looked. */
  isRead = false;
  /** All of its batches, as they are. */
  readonly batches: readonly RecordBatch[];
  readonly #slots: readonly Slot[];

  private constructor(
    from: bigint,
    to: bigint,
    batches: readonly RecordBatch[],
    slots: readonly Slot[],
    bytes: number,
    gap?: Gap,
  ) {
    this.from = from;
    this.to = to;
    this.batches = batches;
    this.bytes = bytes;
    this.gap = gap;
    this.#slots = slots;
  }

  /**
   * What batches that are not compressed have between two offsets.
   *
   * @param name what messages name, such as `topic/0`
   * @throws KafkaError KAFKA_RECORD_BATCH where the records of a batch cannot be read
   */
  static of(partition: number, from: bigint, to: bigint, batches: readonly RecordBatch[], name: string): Segment {
    const slots: Slot[] = [];
    let bytes = BATCH;
    let start = from;
    let parts: Part[] = [];
    let records = 0;
    const close = (end: bigint): void => {
      if (end > start) slots.push({ from: start, to: end, parts, stable: -1n });
      [start, parts, records] = [end, [], 0];
    };
    for (const batch of batches) {
      const options = { partition, aborted: false, cap: batch.bytes.byteLength, place: name, from, to };
      const run = batch.isControl || batch.count === 0 ? undefined : runOf(batch, options);
      bytes += batch.bytes.byteLength + BATCH + batch.count * RECORD;
      if (run === undefined) continue;
      if (records > 0 && records + run.length > FEW) close((parts.at(-1) as Part).batch.lastOffset + 1n);
      for (let at = 0; at + MOST_RECORDS < run.length; at += MOST_RECORDS) {
        parts.push({ batch, run: run.slice(at, at + MOST_RECORDS) });
        close(run.offsetAt(at + MOST_RECORDS));
      }
      const last = run.length - 1 - ((run.length - 1) % MOST_RECORDS);
      parts.push({ batch, run: run.slice(last, run.length) });
      records += run.length - last;
    }
    close(to);
    return new Segment(from, to, batches, slots, bytes);
  }

  /** What was lost. */
  static lost(gap: Gap): Segment {
    return new Segment(gap.from, gap.to, [], [{ from: gap.from, to: gap.to, parts: [], stable: -1n }], BATCH, gap);
  }

  /** What can be read at an offset of it of what is decided and not void, below `limit`, which is above the offset. */
  committed(offset: bigint, limit: bigint, decided: Decided): Chunk<KafkaRecord> {
    const slot = this.#at(offset);
    const to = earlier(limit, slot.to);
    if (slot.committed?.to === to) return slot.committed;
    const runs = slot.parts.flatMap(({ batch, run }) => {
      const part = batch.lastOffset < to ? run : below(run, to);
      return part === undefined || decided.isAborted(batch) ? [] : [part];
    });
    slot.committed = this.#chunk(slot.from, to, runs);
    return slot.committed;
  }

  /** What can be read at an offset of it, decided or not; what is void counts as such once it is decided. */
  uncommitted(offset: bigint, decided: Decided): Chunk<KafkaRecord> {
    const slot = this.#at(offset);
    const stable = earlier(decided.lastStableOffset, slot.to);
    if (slot.uncommitted !== undefined && slot.stable === stable) return slot.uncommitted;
    const runs = slot.parts.map(({ batch, run }) =>
      batch.baseOffset < stable && decided.isAborted(batch) ? run.aborted() : run,
    );
    slot.stable = stable;
    slot.uncommitted = this.#chunk(slot.from, slot.to, runs);
    return slot.uncommitted;
  }

  #chunk(from: bigint, to: bigint, runs: readonly RecordRun[]): Chunk<KafkaRecord> {
    const run: KeyedRun | undefined = runs.length > 1 ? JoinedRun.of(runs) : runs[0];
    return this.gap === undefined ? { from, to, run } : { from, to, run, gap: this.gap };
  }

  #at(offset: bigint): Slot {
    let [low, high] = [0, this.#slots.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#slots[middle] as Slot).to <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#slots[low] as Slot;
  }
}

/** The records of a run below an offset. */
function below(run: RecordRun, offset: bigint): RecordRun | undefined {
  let length = run.length;
  while (length > 0 && run.offsetAt(length - 1) >= offset) length -= 1;
  return length === 0 ? undefined : run.slice(0, length);
}
