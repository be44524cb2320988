import {
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  ignoreElements,
  type Observable,
  of,
  type SchedulerLike,
  timer,
  toArray,
} from 'rxjs';
import type { RecordBatch } from '../protocol/kafka-batch.ts';
import type { Arrived } from './arrived.ts';
import { cleanBatch, type Removed } from './clean-batch.ts';
import type { Cleanable } from './cleanable.ts';
import { withPass } from './cleaned.ts';
import type { Dirt } from './dirt.ts';
import type { RowMeta } from './row.ts';
import { steps } from './steps.ts';
import type { TopicConfig } from './topic-config.ts';

export interface CleanOptions {
  readonly config: TopicConfig;
  readonly scheduler: SchedulerLike;
  /** How much is read, cleaned and written at a time, in bytes: 2 MB by default, but a row at least. */
  readonly group?: number;
}

const GROUP = 2 << 20;

/** Rows that are smaller on average are joined. */
const SMALL = 128 << 10;

/**
 * Goes through the log of a compacted partition once, up to where it may be cleaned, and emits the bytes that it gave
 * up, one group of rows after the other. What is left keeps its offset, and rows tell of the offsets that are gone, so
 * readers need not know. It works in slices, and rests after each group for as long as that took, so that it never has
 * more than half of the time. Errors with what reading and writing do.
 */
export const clean = (log: Cleanable, dirt: Dirt, options: CleanOptions): Observable<number> =>
  defer(() => {
    const { config, scheduler } = options;
    const pass = new Pass(log, dirt, options);
    const { generation } = log;
    const passed = defer(() => {
      if (log.generation !== generation) return EMPTY;
      const last = { to: pass.at, at: scheduler.now() };
      return log.passed(withPass(log.passes, last, config.deleteRetentionMs), pass.voidless).pipe(ignoreElements());
    });
    return concat(pass.run(), passed);
  });

/** What is left of a group of rows. */
interface Left {
  readonly batches: readonly Arrived[];
  readonly removed: readonly Removed[];
}

class Pass {
  /** Up to where it has come. */
  at: bigint;
  readonly #log: Cleanable;
  readonly #dirt: Dirt;
  readonly #scheduler: SchedulerLike;
  readonly #group: number;
  /**
   * Whether something that is superseded may have been left: to a snapshot, or where it could not be read. Then no
   * tombstone goes any more in this pass, or what it buries would rise again.
   */
  #isPartial = false;
  /** Whether all rows could be read so far. */
  #isWhole = true;

  constructor(log: Cleanable, dirt: Dirt, { scheduler, group = GROUP }: CleanOptions) {
    this.#log = log;
    this.#dirt = dirt;
    this.#scheduler = scheduler;
    this.#group = group;
    this.at = log.rows[0]?.from ?? 0n;
  }

  /** Below which nothing is left of aborted transactions. */
  get voidless(): bigint {
    return this.#isWhole ? this.at : 0n;
  }

  run(): Observable<number> {
    return defer(() => {
      const rows = groupOf(this.#log.rows, this.at, this.#dirt.to, this.#group);
      const last = rows.at(-1);
      if (last === undefined) return EMPTY;
      const began = this.#scheduler.now();
      return this.#clean(rows).pipe(
        concatMap((freed) => {
          this.at = last.to;
          const rest = timer(this.#scheduler.now() - began, this.#scheduler);
          return concat(of(freed), rest.pipe(concatMap(() => this.run())));
        }),
      );
    });
  }

  /** Completes without where the rows are others by now: what is there is younger. */
  #clean(rows: readonly RowMeta[]): Observable<number> {
    return from(rows).pipe(
      concatMap((row) => this.#log.read(row)),
      toArray(),
      concatMap((read) => {
        const whole = read.filter((batches) => batches !== undefined);
        if (whole.length === rows.length) return steps(() => this.#left(rows, whole), this.#scheduler);
        this.#isPartial = true;
        this.#isWhole = false;
        return of(undefined);
      }),
      concatMap((left) => (left === undefined ? of(0) : this.#write(rows, left))),
    );
  }

  /** Nothing if it is not worth writing. */
  *#left(rows: readonly RowMeta[], read: readonly (readonly RecordBatch[])[]): Generator<void, Left | undefined> {
    const batches: Arrived[] = [];
    const removed: Removed[] = [];
    let isChanged = false;
    for (const [index, { bytes, wire }] of rows.entries()) {
      for (const batch of read[index] as readonly RecordBatch[]) {
        const aged = this.#isPartial ? 0 : Number(this.#dirt.aged);
        const left = yield* cleanBatch(batch, this.#log, aged);
        yield;
        if (left.isHeld) this.#isPartial = true;
        if (left.batch !== batch) isChanged = true;
        if (left.batch !== undefined)
          batches.push({ batch: left.batch, wire: Math.round((left.batch.bytes.byteLength * wire) / bytes) });
        for (const one of left.removed) removed.push(one);
      }
    }
    const size = rows.reduce((sum, { bytes }) => sum + bytes, 0);
    const isScattered = rows.length > 1 && size < rows.length * SMALL;
    return isChanged || isScattered ? { batches, removed } : undefined;
  }

  #write(rows: readonly RowMeta[], { batches, removed }: Left): Observable<number> {
    const tombstones = BigInt((removed.at(-1)?.offset ?? -1) + 1);
    const before = rows.reduce((sum, { bytes }) => sum + bytes, 0);
    const after = batches.reduce((sum, { batch }) => sum + batch.bytes.byteLength, 0);
    return this.#log.rewrite(rows, batches, tombstones).pipe(
      concatMap((isDone) => {
        if (!isDone) return EMPTY;
        for (const { key, offset } of removed) this.#log.table.remove(key, offset);
        return of(before - after);
      }),
    );
  }
}

/** The rows from an offset on that are worked on together, of those that end at `to` at the latest. */
function groupOf(rows: readonly RowMeta[], from: bigint, to: bigint, most: number): readonly RowMeta[] {
  const first = rows.findIndex((row) => row.from >= from);
  if (first < 0) return [];
  let end = first;
  for (let bytes = 0; end < rows.length; end += 1) {
    const row = rows[end] as RowMeta;
    bytes += row.bytes;
    if (row.to > to || (end > first && bytes > most)) break;
  }
  return rows.slice(first, end);
}
