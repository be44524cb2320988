import { concatMap, defer, EMPTY, type Observable, of, type SchedulerLike, Subject, type TeardownLogic } from 'rxjs';
import type { Chunk, Log, LogIsolation, LogOffsets, Missed, Seen } from '../log/log.ts';
import { readableEnd } from '../log/log.ts';
import type { KafkaRecord } from '../protocol/kafka.ts';
import type { Run } from '../run.ts';
import { type Break, missedBy } from './breaks.ts';
import { CurrentRecords } from './current-records.ts';
import { Holds } from './holds.ts';
import type { KeyFollower } from './key-follower.ts';
import type { KeyTable } from './key-index.ts';
import { earlier, later } from './offsets.ts';
import type { PartitionStore } from './partition-store.ts';
import type { RowReader } from './row-reader.ts';
import type { Segment } from './segment.ts';
import { searchTime } from './time-search.ts';
import type { Transactions } from './transactions.ts';

/** What whoever began before the source had said where it ends knows of tombstones: all that it says. */
const UNFILLED = -1n;

/** The log of a partition of a cache, as its readers see it. */
export abstract class PartitionLog implements Log<KafkaRecord> {
  readonly changes = new Subject<void>();
  /** The snapshots that are being read. */
  readonly holds = new Holds();
  protected readonly data: PartitionStore;
  protected readonly reader: RowReader;
  readonly #scheduler: SchedulerLike;
  readonly #breaks: Break[] = [];
  #offsets: LogOffsets = { isBegun: false, logStart: 0n, lastStableOffset: 0n, highWatermark: 0n, isLevel: false };
  /** Where the log ends, and whether its source does, whether or not the index is as far. */
  #highWatermark = 0n;
  #isLevel = false;
  #stable = 0n;
  /** As `Log.cleaned`. What was cleaned before the log was opened is superseded below where it ended then. */
  cleaned = 0n;
  expected = 0n;
  #transactions: Transactions;
  #keys: KeyFollower | undefined;
  #current: CurrentRecords | undefined;
  /** Whether the index has all that is decided, or had when nothing was shown yet. */
  #isIndexed = false;

  constructor(data: PartitionStore, reader: RowReader, scheduler: SchedulerLike) {
    this.#scheduler = scheduler;
    this.data = data;
    this.reader = reader;
    this.#transactions = data.transactions();
  }

  get topic(): string {
    return this.data.state.topic;
  }

  get topicId(): string {
    return this.data.state.topicId;
  }

  get partition(): number {
    return this.data.partition;
  }

  get offsets(): LogOffsets {
    return this.#offsets;
  }

  get index(): KeyTable | undefined {
    return this.#isIndexed ? this.#keys?.table : undefined;
  }

  get seen(): Seen {
    const { breaks, tombstones, filled } = this.data.state;
    return { generation: breaks, tombstones: filled === undefined ? UNFILLED : tombstones };
  }

  peek(offset: bigint, isolation: LogIsolation): Chunk<KafkaRecord> | undefined {
    const limit = readableEnd(this.#offsets, isolation);
    if (offset < this.#offsets.logStart || offset >= limit) return undefined;
    const segment = this.reader.at(offset);
    return segment && this.#chunk(segment, offset, isolation, limit);
  }

  load(offset: bigint, isolation: LogIsolation): Observable<Chunk<KafkaRecord>> {
    return defer(() => this.#load(offset, isolation, () => readableEnd(this.#offsets, isolation)));
  }

  /** The batches at an offset as they are, decided or not, if they are in memory. */
  peekWhole(offset: bigint): Segment | undefined {
    return this.reader.at(offset);
  }

  /** The same, read if they are not in memory; completes without where there are none any more. */
  loadWhole(offset: bigint): Observable<Segment> {
    return this.reader.load(offset);
  }

  current(chunk: Chunk<KafkaRecord>, below?: bigint): Run<KafkaRecord> | undefined {
    return this.index === undefined ? chunk.run : (this.#current as CurrentRecords).of(chunk, below);
  }

  find(timestamp: bigint): Observable<bigint> {
    const { data, reader } = this;
    const search = { data, reader, decided: () => this.#transactions, scheduler: this.#scheduler };
    return defer(() => searchTime(timestamp, search));
  }

  missed(position: bigint, seen: Seen): Missed | undefined {
    const { partition } = this;
    const { breaks, tombstones, filled = tombstones } = this.data.state;
    const { logStart, highWatermark, isLevel } = this.#offsets;
    const known = seen.tombstones === UNFILLED ? filled : seen.tombstones;
    const removed = known < tombstones ? tombstones : 0n;
    if (seen.generation !== breaks) {
      const missed = missedBy(this.#breaks.slice(seen.generation - breaks), partition, position);
      // Whoever is told something is told nothing else of before, so that goes as far as tombstones that went, too.
      if (missed !== undefined) {
        const gap = { ...missed.gap, to: later(missed.gap.to, removed) };
        return { gap, resume: later(missed.resume, logStart) };
      }
    }
    if (position < logStart) return this.#missed(position, later(logStart, removed), 'retention', logStart);
    if (position > later(highWatermark, this.expected) && isLevel)
      return this.#missed(highWatermark, position, 'out-of-range', highWatermark);
    if (position < removed) return this.#missed(position, removed, 'tombstones', position);
    return undefined;
  }

  #missed(from: bigint, to: bigint, reason: string, resume: bigint): Missed {
    return { gap: { mark: 'gap', partition: this.partition, from, to, reason }, resume };
  }

  hold(end: bigint): TeardownLogic {
    return this.holds.hold(end, this.#keys?.position ?? 0n);
  }

  /** What is decided at an offset, whether or not the index has it yet, if it is in memory. */
  protected peekDecided(offset: bigint): Chunk<KafkaRecord> | undefined {
    const segment = offset < this.#stable ? this.reader.at(offset) : undefined;
    return segment && this.#chunk(segment, offset, 'read_committed', this.#stable);
  }

  /** The same, read if it is not in memory. */
  protected loadDecided(offset: bigint): Observable<Chunk<KafkaRecord>> {
    return this.#load(offset, 'read_committed', () => this.#stable);
  }

  /** Tells readers that what they read is not what is there. */
  protected break(one: Break): void {
    this.#breaks.push(one);
  }

  /** What conflates from now on: what it has seen must not fall behind what is shown, so a late one is waited for. */
  protected follow(keys: KeyFollower | undefined, isLate = false): void {
    this.#keys?.stop();
    this.#keys = keys;
    this.#isIndexed = !isLate;
    this.#current = keys && new CurrentRecords(keys.table, this.holds);
    this.holds.forget();
    if (keys !== undefined) keys.table.superseded = (offset, by) => this.holds.superseded(offset, by);
  }

  /** Up to where records are decided, whether or not the index has them yet. */
  protected get stable(): bigint {
    return this.#stable;
  }

  /** What keeps the index. */
  protected get keys(): KeyFollower | undefined {
    return this.#keys;
  }

  /** The index has come further. */
  protected indexed(): void {
    if (this.#keys !== undefined && this.#keys.position >= this.#stable) this.#isIndexed = true;
    this.#show();
  }

  /** Takes in where the stored log stands now. Nothing is shown before the source has said where it ends. */
  protected advance(transactions: Transactions, isLevel: boolean): void {
    const { logStart, end, filled } = this.data.state;
    this.#transactions = transactions;
    this.#stable = later(transactions.lastStableOffset, logStart);
    this.#highWatermark = filled === undefined ? logStart : end;
    this.#isLevel = isLevel && filled !== undefined;
    // It may show all of it at once.
    this.#keys?.wake();
    this.#show();
  }

  #show(): void {
    const { isBegun, logStart } = this.data.state;
    const highWatermark = this.#highWatermark;
    const seen = this.#isIndexed ? this.#keys?.position : undefined;
    const indexed = later(seen ?? this.#stable, logStart);
    const lastStableOffset = earlier(highWatermark, earlier(indexed, this.#stable));
    // As long as the index is behind, what is shown as decided is not yet where that ends at the source.
    const isLevel = this.#isLevel && indexed >= this.#stable;
    const known = this.#offsets;
    const isSame =
      known.isBegun === isBegun &&
      known.logStart === logStart &&
      known.lastStableOffset === lastStableOffset &&
      known.highWatermark === highWatermark &&
      known.isLevel === isLevel;
    if (isSame) return;
    this.#offsets = { isBegun, logStart, lastStableOffset, highWatermark, isLevel };
    this.changes.next();
  }

  /** Completes without where the offset is not there any more once it was read. */
  #load(offset: bigint, isolation: LogIsolation, limit: () => bigint): Observable<Chunk<KafkaRecord>> {
    const isThere = (): boolean => offset >= this.data.state.logStart && offset < limit();
    if (!isThere()) return EMPTY;
    return this.reader
      .load(offset)
      .pipe(concatMap((segment) => (isThere() ? of(this.#chunk(segment, offset, isolation, limit())) : EMPTY)));
  }

  #chunk(segment: Segment, offset: bigint, isolation: LogIsolation, limit: bigint): Chunk<KafkaRecord> {
    const transactions = this.#transactions;
    return isolation === 'read_committed'
      ? segment.committed(offset, limit, transactions)
      : segment.uncommitted(offset, transactions);
  }
}
