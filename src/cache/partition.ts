import { catchError, concatMap, defer, EMPTY, map, type Observable, of, type SchedulerLike, tap, throwError } from 'rxjs';
import { SluiceError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { KafkaRecord } from '../protocol/kafka.ts';
import type { RecordBatch } from '../protocol/kafka-batch.ts';
import { uncompressed } from '../records/inflated.ts';
import type { CacheEvent } from './events.ts';
import { KeyFollower } from './key-follower.ts';
import { KeyTable } from './key-index.ts';
import { pastOf } from './keys.ts';
import type { Memory } from './memory.ts';
import { PartitionLog } from './partition-log.ts';
import type { PartitionStore } from './partition-store.ts';
import { type Arrived, ROW_BYTES, type Row, type RowMeta, rowsFrom } from './row.ts';
import { RowReader } from './row-reader.ts';
import { Segment } from './segment.ts';
import { Serial } from './serial.ts';
import { sliced } from './sliced.ts';
import type { BreakReason, PartitionState, SourceOffsets } from './state.ts';
import { type AbortedTransaction, Transactions } from './transactions.ts';

/** Where the source of a log stands, as a fetch answered. */
export interface Seen extends SourceOffsets {
  /** Whether the log has all that the source had then. */
  readonly isLevel: boolean;
  /** When that was, in milliseconds since 1970. */
  readonly time: number;
}

/** Where a log gets again what it lost. */
export interface Source {
  /** Emits, once, the batches from one offset up to, not including, another that there still are. */
  refetch(from: bigint, to: bigint): Observable<readonly RecordBatch[]>;
}

export interface PartitionOptions {
  readonly data: PartitionStore;
  readonly memory: Memory;
  readonly scheduler: SchedulerLike;
  /** The most bytes that the records of a batch may inflate to, if those are not less than four times its own. */
  readonly maxInflated: number;
  readonly secret: Uint8Array;
  /** Whether the topic is compacted, so that records conflate. */
  readonly isCompacted: boolean;
  /** Whether nothing can be fetched again. */
  readonly isEmbedded: boolean;
  readonly topicId: () => string;
  readonly notify: (event: CacheEvent) => void;
}

/** Smaller rows are joined with the next ones, so that none stays small. */
const SMALL = 128 << 10;

/** How old what is stored of being level may become, in milliseconds. */
const LEVEL_AGE = 10_000;

/**
 * The log of one partition, to be written. Each method does its work when its Observable is subscribed to, after what was
 * asked for before, and to its end; that completes once the change is stored, and errors with CACHE_WRITE if it is not, in
 * which case nothing has changed.
 */
export class Partition {
  readonly log: Log<KafkaRecord>;
  /** Set by whoever follows the source. */
  source: Source | undefined;
  readonly #options: PartitionOptions;
  readonly #data: PartitionStore;
  readonly #log: PartitionLog;
  readonly #reader: RowReader;
  readonly #serial = new Serial();
  #transactions: Transactions;
  #isLevel: boolean;
  #keys: KeyFollower | undefined;

  constructor(options: PartitionOptions) {
    this.#options = options;
    const { data, memory, topicId } = options;
    this.#data = data;
    this.#reader = new RowReader({
      data,
      memory,
      settled: (work) => this.#serial.run(work),
      mend: (row) => this.#mend(row),
    });
    this.#log = new PartitionLog(data, this.#reader, topicId);
    this.log = this.#log;
    this.#transactions = data.transactions();
    this.#isLevel = options.isEmbedded;
    this.#index(new KeyTable(options.secret), data.state.begin);
    this.#publish();
  }

  /** What is stored of it. */
  get state(): PartitionState {
    return this.#data.state;
  }

  /** What its rows say, in offset order. */
  get rows(): readonly RowMeta[] {
    return this.#data.rows.all;
  }

  /** What snapshots are still to read. */
  get holds(): Iterable<{ readonly end: bigint }> {
    return this.#log.holds;
  }

  /**
   * Begins the log at an offset, with no records: at first, and again whenever what is in it is not to be trusted, which
   * readers are told. On a compacted topic all tombstones below the source's end count as removed.
   *
   * @param at where it begins
   * @param reason why it begins again
   * @param parted of a truncation, the first offset whose record is another one now
   */
  begin(at: bigint, source: SourceOffsets, reason: BreakReason = 'recreated', parted = at): Observable<void> {
    return this.#serial.run(() => {
      const { state } = this;
      const isFirst = state.source === undefined;
      const { highWatermark } = source;
      const isAgain = isFirst ? 0 : 1;
      const next: PartitionState = {
        ...state,
        ...{ generation: state.generation + isAgain, breaks: state.breaks + isAgain, source },
        ...{ begin: at, logStart: at, end: at, lastEpoch: -1, levelAt: 0 },
        ...{ open: [], aborted: [0, 0], isTransactional: false },
        tombstones: this.#options.isCompacted && highWatermark > state.tombstones ? highWatermark : state.tombstones,
      };
      return this.#data.commit({ state: next }).pipe(
        concatMap(() => {
          if (!isFirst) this.#log.break({ reason, at: reason === 'truncated' ? parted : state.end, begin: at });
          this.#reader.drop();
          this.#transactions = this.#data.transactions();
          this.#isLevel = false;
          this.#index(new KeyTable(this.#options.secret), at);
          this.#publish(true);
          return isFirst ? of(undefined) : this.#clear(pastOf(this.#data.place));
        }),
      );
    });
  }

  /**
   * Appends batches, which come behind what there is, in offset order; what is there already is left out. Without any, it
   * takes in where the source stands.
   *
   * @throws KafkaError KAFKA_RECORD_BATCH, KAFKA_CODEC or KAFKA_TOO_LARGE, from the Observable, if a batch cannot be read
   */
  append(batches: readonly RecordBatch[], seen: Seen): Observable<void> {
    return this.#serial.run(() => {
      const fresh = batches.filter(({ lastOffset }) => lastOffset >= this.state.end);
      if (fresh.length === 0) return this.#see(seen);
      return sliced(fresh, (batch) => this.#arrived(batch), this.#options.scheduler).pipe(
        concatMap((arrived) => this.#store(arrived, seen)),
      );
    });
  }

  /** Says that the source cannot be seen, so that the log may not be level with it. */
  lost(): void {
    this.#isLevel = this.#options.isEmbedded;
    this.#publish();
  }

  /** Drops what is below an offset: readers see none of it, and whole rows of it are removed. */
  trim(logStart: bigint): Observable<void> {
    return this.#serial.run(() => {
      const { state } = this;
      if (logStart <= state.logStart) return of(undefined);
      const old = this.#data.rows.all.filter(({ to }) => to <= logStart);
      const begin = old.at(-1)?.to ?? state.begin;
      const isEmpty = logStart >= state.end;
      const end = isEmpty ? logStart : state.end;
      const [first, next] = state.aborted;
      const transactions = isEmpty ? new Transactions(end) : this.#data.transactions();
      transactions.drop(logStart);
      const gone = this.#data.abortedBelow(logStart);
      const changed: PartitionState = {
        ...state,
        ...{ begin: isEmpty ? logStart : begin, logStart, end },
        ...{ open: transactions.open, aborted: [first + gone, next] },
      };
      return this.#data.commit({ state: changed, old }).pipe(
        tap(() => {
          this.#transactions = this.#data.transactions();
          this.#reader.drop(old[0]?.from ?? begin, begin);
          this.#publish();
        }),
      );
    });
  }

  /**
   * Drops what is at an offset or behind it, since the source has other records there. Emits whether that could be done;
   * else the log has to `begin` again: if it is compacted, for tombstones may have been removed, or has transactions, for
   * it is not known which of them were open there.
   */
  truncate(to: bigint): Observable<boolean> {
    return this.#serial.run(() => {
      const { state } = this;
      if (to >= state.end) return of(true);
      if (this.#options.isCompacted || state.isTransactional || to < state.begin) return of(false);
      const old = this.#data.rows.between(to, state.end);
      const [first] = old;
      return first === undefined ? of(false) : this.#read(first).pipe(concatMap((row) => this.#cut(to, old, row)));
    });
  }

  /**
   * Puts batches in place of all that there is from one offset up to, not including, another, at which rows begin and end:
   * what cleaning leaves of it.
   *
   * @param tombstones below which some may have been left out for their age
   */
  rewrite(from: bigint, to: bigint, batches: readonly RecordBatch[], tombstones = 0n): Observable<void> {
    return this.#serial.run(() => this.#replace(from, to, batches, tombstones));
  }

  /** Emits once all that is asked for is done. */
  settled(): Observable<void> {
    return this.#serial.run(() => of(undefined));
  }

  /** Ends the log for its readers. */
  close(fault: SluiceError): void {
    this.#keys?.stop();
    this.#reader.drop();
    this.#log.changes.error(fault);
  }
}
