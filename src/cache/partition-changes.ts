import { catchError, concatMap, defer, forkJoin, map, type Observable, of, type SchedulerLike, tap } from 'rxjs';
import { SluiceError } from '../errors.ts';
import type { RecordBatch } from '../protocol/kafka-batch.ts';
import { appending, tailOf } from './appending.ts';
import type { Arrived } from './arrived.ts';
import type { Break } from './breaks.ts';
import { begunAnew, cutting, trimming } from './changes.ts';
import type { Cleaned } from './cleaned.ts';
import type { CacheEvent } from './events.ts';
import type { Standing } from './following/followed-log.ts';
import { KeyFollower } from './key-follower.ts';
import { KeyTable } from './key-index.ts';
import { pastOf, rowsBelow } from './keys.ts';
import type { Memory } from './memory.ts';
import { later } from './offsets.ts';
import { openPartition } from './open-partition.ts';
import { PartitionLog } from './partition-log.ts';
import type { Change, PartitionStore } from './partition-store.ts';
import type { Row, RowMeta } from './row.ts';
import type { RowReader } from './row-reader.ts';
import type { PartitionState } from './state.ts';
import type { Transactions } from './transactions.ts';

export interface PartitionOptions {
  readonly data: PartitionStore;
  readonly memory: Memory;
  readonly scheduler: SchedulerLike;
  /** The most bytes that the records of a batch may inflate to, if those are not less than four times its own. */
  readonly maxInflated: number;
  /** The store's random bytes. */
  readonly secret: Uint8Array;
  readonly isCompacted: boolean;
  /** Whether it follows no source, so that nothing can be fetched again. */
  readonly isEmbedded: boolean;
  /** The id of the topic that has its name now. */
  readonly topicId: () => string;
  readonly notify: (event: CacheEvent) => void;
}

/** An index that was restored, and up to where it has seen all that is decided. */
export interface Restored {
  readonly table: KeyTable;
  readonly covers: bigint;
}

/** The changes of a log, of which one is made at a time. */
export abstract class PartitionChanges extends PartitionLog {
  protected readonly options: PartitionOptions;
  protected transactions: Transactions;
  protected isCompacted: boolean;
  /** Where the source stands, and when the log was level with it last: newer than what is stored. */
  protected lastStanding: Standing | undefined;
  protected lastLevelAt: number;
  /** How many bytes there were of logs in the place of which it was begun anew. */
  abandoned = 0;
  /** Whether what is known of the source is news. */
  protected isFresh: boolean;

  constructor(options: PartitionOptions, reader: RowReader) {
    const { data, isEmbedded, isCompacted } = options;
    super(data, reader, options.scheduler);
    this.options = options;
    this.transactions = data.transactions();
    this.isCompacted = isCompacted;
    this.lastStanding = data.state.standing;
    this.lastLevelAt = data.state.levelAt;
    this.isFresh = isEmbedded;
  }

  /** What is stored of where it stands. */
  get state(): PartitionState {
    return this.data.state;
  }

  get begunAt(): number | undefined {
    return this.state.begunAt || undefined;
  }

  /** Itself, if it has begun. @throws SluiceError CACHE_RESTARTED */
  protected get begun(): this {
    if (!this.state.isBegun) throw new SluiceError('CACHE_RESTARTED', `${this.data.name} begins anew`);
    return this;
  }

  /** What its rows say, in offset order. */
  get rows(): readonly RowMeta[] {
    return this.data.rows.all;
  }

  /** Whether a batch of what is decided is void. */
  isAborted(batch: RecordBatch): boolean {
    return this.transactions.isAborted(batch);
  }

  protected store(arrived: readonly Arrived[], tail: readonly Row[]): Observable<void> {
    return defer(() => {
      const { change, segments } = appending(this.data, arrived, this.transactions, tail, this.known());
      return this.commit(change, () => {
        for (const segment of segments) this.reader.put(segment);
      });
    }).pipe(
      catchError((thrown: unknown): Observable<void> => {
        this.transactions = this.data.transactions();
        throw thrown;
      }),
    );
  }

  protected tail(bytes: number): Observable<readonly Row[]> {
    const tail = tailOf(this.rows, bytes);
    if (tail.length === 0) return of([]);
    return forkJoin(tail.map((row) => this.data.read(row))).pipe(
      map((rows) => (rows.includes(undefined) ? [] : (rows as Row[]))),
    );
  }

  /** Gives the space back on disk of what is gone below an offset, and of all that was there before it was begun anew. */
  reclaim(to: bigint): Observable<void> {
    const { store, place } = this.data;
    return forkJoin([rowsBelow(place, to), ...pastOf(place)].map((range) => store.compact(range))).pipe(
      map(() => undefined),
    );
  }

  protected clean(passes: readonly Cleaned[], voidless: bigint): Observable<void> {
    const { data, state } = this;
    const [first, next] = state.aborted;
    const aborted = [first + data.abortedBelow(voidless), next] as const;
    return this.commit({ state: { ...state, passes, aborted } }, () => this.transactions.drop(voidless));
  }

  protected trimTo(logStart: bigint, known: Partial<PartitionState> = {}): Observable<void> {
    const { begin } = this.state;
    return this.commit(trimming(this.data, logStart, { ...this.known(), ...known }), () => {
      this.transactions = this.data.transactions();
      this.reader.drop(begin, this.state.begin);
    });
  }

  protected cut(offset: bigint, old: readonly RowMeta[], row: Row, before: Row | undefined): Observable<void> {
    const { breaks } = this.state;
    const change = cutting(this.data, offset, old, row, before, { ...this.known(), breaks: breaks + 1 });
    return this.commit(change, () => {
      this.transactions = this.data.transactions();
      this.reader.drop(change.state.end);
      this.break({ reason: 'truncated', at: change.state.end });
    });
  }

  /** @param topicId the topic that its records will be of */
  protected beginAnew(broken: Break | undefined, topicId = this.state.topicId): Observable<void> {
    const { lastStanding: standing } = this;
    const ends = [this.state.end, standing?.highWatermark ?? 0n];
    const state = begunAnew({ ...this.state, topicId }, this.isCompacted ? ends : [], broken !== undefined);
    const bytes = this.rows.reduce((sum, row) => sum + Math.max(0, row.bytes), 0);
    return this.commit({ state }, () => {
      this.abandoned += bytes;
      if (broken !== undefined) this.break(broken);
      this.transactions = this.data.transactions();
      this.reader.drop();
      this.cleaned = 0n;
      this.lastStanding = undefined;
      this.expected = 0n;
      this.lastLevelAt = 0;
      this.isFresh = this.options.isEmbedded;
      this.indexAnew();
    }).pipe(concatMap(() => this.#clear()));
  }

  /** What was there before is out of reach already; that it is not gone yet is no fault. */
  #clear(): Observable<void> {
    const { store, place } = this.data;
    return forkJoin(pastOf(place).map((range) => store.clear(range))).pipe(
      map(() => undefined),
      catchError(() => of(undefined)),
    );
  }

  protected commit(change: Change, then: () => void = () => {}): Observable<void> {
    return this.data.commit(change).pipe(
      tap(() => {
        then();
        this.publish();
      }),
    );
  }

  /** After a write that failed, reads again what is stored: what failed may be, which is known once the store can be written. */
  protected settle(): Observable<void> {
    const { data } = this;
    return data.store.write([]).pipe(
      concatMap(() => openPartition(data.store, this.topic, data.place)),
      map(({ partition, isDamaged }) => {
        if (isDamaged) throw new SluiceError('CACHE_CORRUPT', `${data.name}: its state is not what was written`);
        data.adopt(partition);
        this.transactions = data.transactions();
        this.reader.drop();
        this.publish();
      }),
    );
  }

  protected publish(): void {
    const { end } = this.state;
    const { lastStanding: standing } = this;
    const isLevel =
      this.isFresh && (this.options.isEmbedded || (standing !== undefined && end >= standing.highWatermark));
    this.advance(this.transactions, isLevel);
  }

  /** Of the source, what is not stored as often as it is told. */
  protected known(): Partial<PartitionState> {
    return { standing: this.lastStanding, levelAt: this.lastLevelAt };
  }

  /** A log that is filled from its source's start is to count as one that lacks all tombstones that went before. */
  protected fill(highWatermark: bigint): Partial<PartitionState> {
    const { tombstones } = this.state;
    const filled = later(highWatermark, tombstones);
    return { filled, tombstones: this.isCompacted ? filled : tombstones };
  }

  /** @param isLate whether readers are there already */
  protected indexAnew(restored?: Restored, isLate = false): void {
    if (!this.isCompacted) return this.follow(undefined);
    const { secret, scheduler } = this.options;
    const { begin, end } = this.state;
    const isOurs = restored !== undefined && restored.covers >= begin && restored.covers <= end;
    const { table, covers } = isOurs ? restored : { table: new KeyTable(secret), covers: begin };
    const decisions = {
      start: () => this.state.logStart,
      end: () => this.stable,
      peek: (offset: bigint) => this.peekDecided(offset),
      load: (offset: bigint) => this.loadDecided(offset),
      advanced: () => this.indexed(),
      failed: (thrown: unknown) => this.changes.error(thrown),
    };
    this.follow(new KeyFollower(table, covers, decisions, scheduler), isLate);
  }
}
