import { concatMap, forkJoin, map, type Observable, of } from 'rxjs';
import { SluiceError } from '../errors.ts';
import type { RecordBatch } from '../protocol/kafka-batch.ts';
import { type Arrived, arrivedOf } from './arrived.ts';
import type { Cleaned } from './cleaned.ts';
import type { FollowedLog, RefetchSource, Standing } from './following/followed-log.ts';
import { KeySaver } from './key-saver.ts';
import { Mender } from './mender.ts';
import { earlier, later } from './offsets.ts';
import { lost } from './open-partition.ts';
import { PartitionChanges, type PartitionOptions, type Restored } from './partition-changes.ts';
import { type Row, type RowMeta, rowsFrom } from './row.ts';
import { RowReader } from './row-reader.ts';
import { Serial } from './serial.ts';
import { sliced } from './sliced.ts';
import type { PartitionState } from './state.ts';

/** How old what is stored of where the source stands may become, in milliseconds. */
const STANDING_AGE = 10_000;

/**
 * The log of one partition, as it is written, too. A write does its work when its Observable is subscribed to, behind those
 * before it, and to its end; it completes once it is stored, and errors with CACHE_WRITE if it is not, when nothing has
 * changed.
 */
export class Partition extends PartitionChanges implements FollowedLog {
  readonly #serial: Serial;
  readonly #mender: Mender;
  readonly #saver: KeySaver;

  constructor(options: PartitionOptions, restored?: Restored) {
    const { data, memory, isEmbedded, notify } = options;
    const serial = new Serial();
    const arrived = (batch: RecordBatch): Arrived => arrivedOf(batch, data.name, options.maxInflated);
    const [isCompacted, anew] = [() => this.isCompacted, () => this.beginAnew(undefined)];
    const mender = new Mender({ data, serial, isEmbedded, notify, arrived, isCompacted, anew });
    const settled = <T>(work: () => Observable<T>): Observable<T> => serial.run(work);
    super(options, new RowReader({ data, memory, settled, mend: (row) => mender.mend(row) }));
    serial.prepare = () => (isEmbedded && data.isInDoubt ? this.settle() : undefined);
    this.#serial = serial;
    this.#mender = mender;
    this.#saver = new KeySaver(data, options.secret, restored?.covers);
    this.indexAnew(restored);
    this.publish();
  }

  get next(): bigint | undefined {
    return this.state.isBegun ? this.state.end : undefined;
  }

  get lastEpoch(): number {
    return this.state.lastEpoch;
  }

  get standing(): Standing | undefined {
    return this.lastStanding;
  }

  get levelAt(): number | undefined {
    return this.lastLevelAt === 0 ? undefined : this.lastLevelAt;
  }

  get source(): RefetchSource | undefined {
    return this.#mender.source;
  }

  set source(source: RefetchSource | undefined) {
    this.#mender.source = source;
    // What could not be read until now can be.
    if (source !== undefined) this.keys?.wake();
  }

  /** Appends batches in offset order; those that are there already are left out. Errors with KAFKA_* if one cannot be read. */
  append(batches: readonly RecordBatch[]): Observable<void> {
    return this.#serial.run(() => this.#append(batches));
  }

  /** Appends a batch that is made when it is known where it begins; emits where that is. */
  appendNext(make: (offset: bigint) => RecordBatch): Observable<bigint> {
    return this.#serial.run(() => {
      const { end } = this.state;
      return this.#append([make(end)]).pipe(map(() => end));
    });
  }

  #append(batches: readonly RecordBatch[]): Observable<void> {
    const { data, options } = this.begun;
    const fresh = batches.filter(({ lastOffset }) => lastOffset >= this.state.end);
    if (fresh.length === 0) return of(undefined);
    const arriving = sliced(fresh, (batch) => arrivedOf(batch, data.name, options.maxInflated), options.scheduler);
    const bytes = fresh.reduce((sum, batch) => sum + batch.bytes.byteLength, 0);
    return forkJoin([arriving, this.tail(bytes)]).pipe(concatMap(([arrived, rows]) => this.store(arrived, rows)));
  }

  begin(offset: bigint, topicId = this.options.topicId()): Observable<void> {
    return this.#serial.run(() => {
      const { state } = this;
      if (state.isBegun) return of(undefined);
      const { isEmbedded, scheduler } = this.options;
      const known = { ...this.known(), ...(isEmbedded && { filled: 0n }), topicId, begunAt: scheduler.now() };
      const begun = { ...state, ...known, isBegun: true, begin: offset, logStart: offset, end: offset };
      return this.commit({ state: begun }, () => this.indexAnew());
    });
  }

  pass(offset: bigint): Observable<void> {
    return this.#serial.run(() => this.#goTo(offset, (from) => rowsFrom(from, offset, [])));
  }

  lose(offset: bigint): Observable<void> {
    return this.#serial.run(() => this.#goTo(offset, (from) => [{ ...lost(from, offset), batches: [] }]));
  }

  #goTo(end: bigint, rows: (from: bigint) => readonly Row[]): Observable<void> {
    const { state } = this.begun;
    if (end <= state.end) return of(undefined);
    const change = { state: { ...state, ...this.known(), end }, rows: rows(state.end) };
    return this.commit(change, () => this.transactions.pass(end));
  }

  stand(standing: Standing, time: number): Observable<void> {
    return this.#serial.run(() => {
      const { state } = this;
      this.lastStanding = standing;
      this.isFresh = true;
      if (!state.isBegun) return of(undefined);
      if (state.end >= standing.highWatermark) this.lastLevelAt = time;
      const isFilled = state.filled !== undefined;
      // What its source has cleaned by then is superseded below that.
      if (!isFilled && this.isCompacted) this.cleaned = standing.lastStableOffset;
      const isOld = time - state.levelAt >= STANDING_AGE && this.lastLevelAt > state.levelAt;
      const { highWatermark, logStart } = standing;
      if (logStart > state.logStart) return this.trimTo(logStart, isFilled ? {} : this.fill(highWatermark));
      if (!isFilled) return this.commit({ state: { ...state, ...this.known(), ...this.fill(highWatermark) } });
      this.publish();
      return isOld ? this.commit({ state: { ...state, ...this.known() } }) : of(undefined);
    });
  }

  expect(end: bigint): void {
    this.expected = later(this.expected, end);
  }

  unlevel(): void {
    this.isFresh = this.options.isEmbedded;
    this.publish();
  }

  /** Removes what is below an offset: readers see none of it any more. Nothing where no row begins there by now. */
  trim(logStart: bigint): Observable<void> {
    return this.#serial.run(() => {
      const isThere = logStart > this.state.logStart && this.data.rows.at(logStart)?.from === logStart;
      return isThere ? this.trimTo(logStart) : of(undefined);
    });
  }

  /**
   * On a compacted topic, tombstones may have gone with what was truncated, and of transactions it is not known which were
   * open there; then the log begins anew.
   */
  truncate(offset: bigint): Observable<void> {
    return this.#serial.run(() => {
      const { begin, end, isTransactional, isBegun } = this.state;
      this.expected = earlier(this.expected, offset);
      if (!isBegun || offset >= end) return of(undefined);
      const old = this.data.rows.between(offset, end);
      const [row] = old;
      const isCut = !this.isCompacted && !isTransactional && offset > begin && row !== undefined && row.bytes >= 0;
      if (!isCut) return this.beginAnew({ reason: 'truncated', at: offset });
      return forkJoin([this.data.read(row), this.data.readBefore(row.from)]).pipe(
        concatMap(([read, before]) => {
          if (read === undefined) return this.beginAnew({ reason: 'truncated', at: offset });
          return this.#saver.forget().pipe(concatMap(() => this.cut(offset, old, read, before)));
        }),
      );
    });
  }

  restart(reason: 'recreated' | 'tombstones' | 'corrupt', topicId?: string): Observable<void> {
    return this.#serial.run(() =>
      this.beginAnew(reason === 'tombstones' ? undefined : { reason, at: this.state.end }, topicId),
    );
  }

  /** The batches of a row; nothing if they are not what was stored. */
  read(row: RowMeta): Observable<readonly RecordBatch[] | undefined> {
    return this.data.read(row).pipe(map((read) => read?.batches));
  }

  /**
   * Puts batches in place of consecutive rows, or none in place of none. Emits whether it did: it does not if those are
   * not the rows that are there now.
   *
   * @param known what is to be remembered from then on
   */
  rewrite(
    old: readonly RowMeta[],
    batches: readonly Arrived[],
    known: (state: PartitionState) => Partial<PartitionState>,
  ): Observable<boolean> {
    return this.#serial.run(() => {
      const { data, state } = this;
      if (old.some((row) => data.rows.at(row.from) !== row)) return of(false);
      const [from, to] = [old[0]?.from ?? 0n, old.at(-1)?.to ?? 0n];
      const change = { state: { ...state, ...known(state) }, old, rows: rowsFrom(from, to, batches) };
      return this.commit(change, () => {
        if (old.length > 0) this.cleaned = this.offsets.lastStableOffset;
        this.reader.drop(from, to);
      }).pipe(map(() => true));
    });
  }

  /** Remembers when a log was cleaned, and forgets the aborted transactions of which nothing is left. */
  passed(generation: number, passes: readonly Cleaned[], voidless: bigint): Observable<void> {
    const isSame = (): boolean => this.state.generation === generation;
    return this.#serial.run(() => (isSame() ? this.clean(passes, voidless) : of(undefined)));
  }

  /** Whether records conflate from now on. */
  compact(isCompacted: boolean): void {
    if (isCompacted === this.isCompacted) return;
    this.isCompacted = isCompacted;
    this.indexAnew(undefined, true);
    this.publish();
  }

  /** Emits once the index has all keys of what is stored, or as many as can be read for now. */
  ready(): Observable<void> {
    return this.keys?.rested ?? of(undefined);
  }

  /** Stores what the index has seen. */
  saveKeys(): Observable<void> {
    return this.#saver.save(this.keys);
  }

  protected override indexed(): void {
    super.indexed();
    // Without keys, this is still being made.
    if (this.keys !== undefined) this.#saver.keepUp(this.keys);
  }

  /** Ends the log for its readers. */
  close(): void {
    this.follow(undefined);
    this.reader.drop();
    this.changes.error(new SluiceError('CACHE_CLOSED', `${this.data.name} was closed`));
  }
}
