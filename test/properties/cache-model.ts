import { clean } from '../../src/cache/cleaner.ts';
import { dirtOf } from '../../src/cache/dirt.ts';
import { Memory } from '../../src/cache/memory.ts';
import { later } from '../../src/cache/offsets.ts';
import { openPartition } from '../../src/cache/open-partition.ts';
import { Partition } from '../../src/cache/partition.ts';
import { topicConfig } from '../../src/cache/topic-config.ts';
import { UpkeptPartition } from '../../src/cache/upkept-partition.ts';
import type { Chunk, Seen } from '../../src/log/log.ts';
import type { Gap } from '../../src/marks.ts';
import type { KafkaRecord } from '../../src/protocol/kafka.ts';
import { type BatchOptions, batch, marker } from '../src/cache/batches.ts';
import { MemoryStore } from '../src/cache/memory-store.ts';
import { Clock } from '../src/kafka/clock.ts';

export const HOUR = 3_600_000;
const config = topicConfig({ 'cleanup.policy': 'compact,delete', 'delete.retention.ms': `${HOUR}` });

/** A record as the model knows it: `undefined` as long as its transaction is open. */
interface Written {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly producer: bigint | undefined;
  fate: 'committed' | 'aborted' | undefined;
}

/** A reader of what is committed, with a position of its own. */
export interface Reader {
  position: bigint;
  seen: Seen;
  /** A snapshot's end. */
  readonly end?: bigint;
  release: (() => void) | undefined;
  readonly from: bigint;
  /** What was there when a snapshot was taken: of it, it is to have the last record of every key. */
  readonly present: ReadonlySet<number>;
  /** Whether superseded records are passed over. */
  readonly isConflating: boolean;
  /** The last record of each key that it has. */
  readonly last: Map<string, number>;
  readonly keyless: Set<number>;
  readonly gaps: Gap[];
}

/** The log of a compacted partition under virtual time, what was written to it, and who reads it. */
export class CacheModel {
  readonly clock = new Clock();
  readonly written: Written[] = [];
  readonly readers: Reader[] = [];
  /** What a reader found that it must not, or did not find. */
  readonly broken: string[] = [];
  readonly #store = new MemoryStore();
  log: Partition;
  #end: bigint;
  /** When a pass came by first, by offset. */
  readonly #passed = new Map<number, number>();

  constructor(start = 0n) {
    this.#end = start;
    this.log = this.#opened();
    this.log.begin(start).subscribe();
    this.#stand(start);
  }

  /** Records as `k=v`, `k` for a tombstone, `=v` without a key; large ones get a row of their own. */
  append(records: readonly (readonly [string | null, string | null])[], isLarge: boolean, producer?: bigint): void {
    const padded = records.map(
      ([key, value]) => [key, isLarge && value !== null ? value.padEnd(70_000) : value] as const,
    );
    const options: BatchOptions = producer === undefined ? {} : { producer: { id: producer, epoch: 0 } };
    this.log.append([batch(this.#end, padded, options)]).subscribe();
    const fate = producer === undefined ? 'committed' : undefined;
    for (const [index, [key, value]] of records.entries())
      this.written.push({ offset: Number(this.#end) + index, key, value, producer, fate });
    this.#stand(this.#end + BigInt(records.length));
  }

  mark(producer: bigint, outcome: 'commit' | 'abort'): void {
    this.log.append([marker(this.#end, { id: producer, epoch: 0 }, outcome)]).subscribe();
    for (const record of this.written)
      if (record.fate === undefined && record.producer === producer)
        record.fate = outcome === 'commit' ? 'committed' : 'aborted';
    this.#stand(this.#end + 1n);
  }

  clean(): void {
    const log = new UpkeptPartition(this.log, () => config);
    const dirt = dirtOf(log, config, this.clock.now());
    clean(log, dirt, { config, scheduler: this.clock, group: 1 }).subscribe();
    this.clock.advance(1);
    const { to } = log.passes.at(-1) ?? { to: 0n };
    const present = this.#present();
    const newest = this.#newest(Number(log.lastStableOffset));
    const held = this.readers.filter(({ release }) => release !== undefined);
    const needed = new Set(
      held.flatMap(({ end }) => [...this.#newest(Number(end)).values()].map(({ offset }) => offset)),
    );
    for (const { offset, key, fate } of this.written) {
      // What is below the log start and still in a row has left the index.
      if (offset >= to || offset < this.log.offsets.logStart) continue;
      if (!this.#passed.has(offset)) this.#passed.set(offset, this.clock.now());
      if (key === null || fate !== 'committed') continue;
      const isNewest = newest.get(key)?.offset === offset;
      if (!isNewest && present.has(offset) && !needed.has(offset))
        this.broken.push(`${offset} is superseded, and was not cleaned`);
      const isKnown = log.table.newest(Buffer.from(key)) === BigInt(offset);
      if (isNewest && !present.has(offset) && isKnown) this.broken.push(`${offset} is gone, and the index has it`);
    }
  }

  /** Every offset of what is committed that is there. */
  #present(): Set<number> {
    const present = new Set<number>();
    const { logStart, lastStableOffset } = this.log.offsets;
    for (let at = logStart; at < lastStableOffset; ) {
      const chunk = this.#chunk(at);
      for (let index = 0; index < (chunk?.run?.length ?? 0); index += 1)
        present.add(Number(chunk?.run?.at(index).offset));
      at = chunk?.to ?? lastStableOffset;
    }
    return present;
  }

  #chunk(at: bigint): Chunk<KafkaRecord> | undefined {
    let chunk = this.log.peek(at, 'read_committed');
    if (chunk === undefined) {
      this.log.load(at, 'read_committed').subscribe((loaded) => {
        chunk = loaded;
      });
    }
    return chunk;
  }

  /** Drops what is below the row with so many rows before it. */
  trim(rows: number): void {
    const row = this.log.rows[Math.min(rows, this.log.rows.length - 1)];
    if (row !== undefined) this.log.trim(row.from).subscribe();
  }

  /** The source's log begins so far on. */
  deleteRecords(share: number): void {
    const { logStart, highWatermark } = this.log.offsets;
    const to = logStart + BigInt(Math.floor(Number(highWatermark - logStart) * share));
    this.log
      .stand({ logStart: to, highWatermark: this.#end, lastStableOffset: this.#end }, this.clock.now())
      .subscribe();
    this.clock.advance(1);
  }

  /** Opens the log again, from what is stored; its readers come back at their positions, but for snapshots. */
  reopen(): void {
    this.log.saveKeys().subscribe();
    this.log = this.#opened();
    this.#stand(this.#end);
    for (const reader of this.readers) reader.seen = { ...this.log.seen, tombstones: 0n };
    this.readers.splice(0, this.readers.length, ...this.readers.filter(({ end }) => end === undefined));
  }

  read(isConflating: boolean): void {
    this.readers.push({ ...this.#fresh(isConflating), from: this.log.offsets.logStart });
  }

  snapshot(): void {
    const end = this.log.offsets.lastStableOffset;
    this.readers.push({
      ...this.#fresh(true),
      from: this.log.offsets.logStart,
      end,
      release: this.log.hold(end) as () => void,
      present: this.#present(),
    });
  }

  #fresh(isConflating: boolean): Omit<Reader, 'from'> {
    const { logStart } = this.log.offsets;
    const { seen } = this.log;
    return {
      position: logStart,
      seen,
      isConflating,
      release: undefined,
      present: new Set(),
      last: new Map(),
      keyless: new Set(),
      gaps: [],
    };
  }

  /** Lets a reader read so many records; it is judged when it has all. */
  proceed(reader: Reader, records: number): void {
    for (let left = records; left > 0; ) {
      const missed = this.log.missed(reader.position, reader.seen);
      if (missed !== undefined) {
        reader.gaps.push(missed.gap);
        reader.seen = this.log.seen;
        reader.position = missed.resume;
      }
      const { position, end } = reader;
      const chunk = this.#chunk(position);
      if (chunk === undefined || (end !== undefined && position >= end)) return this.#judge(reader);
      const run = reader.isConflating ? this.log.current(chunk, end) : chunk.run;
      reader.position = chunk.to;
      for (let index = 0; index < (run?.length ?? 0); index += 1) {
        const record = (run as NonNullable<typeof run>).at(index);
        if (record.offset < position || (end !== undefined && record.offset >= end)) continue;
        if (left === 0) {
          reader.position = record.offset;
          break;
        }
        this.#take(reader, record);
        left -= 1;
      }
    }
  }

  /** What is wrong with the log itself. */
  check(): void {
    const { lastStableOffset, logStart, highWatermark } = this.log.offsets;
    const undecided = this.written.filter(({ fate }) => fate === undefined).map(({ offset }) => offset);
    const stable = undecided.length === 0 ? Number(this.#end) : Math.max(Number(logStart), undecided[0] as number);
    if (Number(lastStableOffset) !== Math.max(stable, Number(logStart)))
      this.broken.push(`stable at ${lastStableOffset}, not ${stable}`);
    if (highWatermark !== later(logStart, this.#end)) this.broken.push(`ends at ${highWatermark}`);
    for (const [key, newest] of this.#newest(Number(lastStableOffset))) {
      const indexed = this.log.index?.newest(Buffer.from(key));
      if (newest.offset < logStart) continue;
      if (indexed === BigInt(newest.offset)) continue;
      const isGone = indexed === undefined && newest.value === null && newest.offset < this.log.seen.tombstones;
      if (!isGone) this.broken.push(`the index has ${indexed} for ${key}, not ${newest.offset}`);
      else if (!(this.clock.now() - (this.#passed.get(newest.offset) ?? Number.NaN) >= HOUR))
        this.broken.push(`tombstone ${newest.offset} went early`);
    }
  }

  #take(reader: Reader, { offset, key, value, aborted }: KafkaRecord): void {
    const written = this.written.find((one) => one.offset === Number(offset));
    const text = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString().trimEnd();
    if (written?.fate !== 'committed' || aborted) this.broken.push(`${offset} is not committed`);
    if (written?.key !== text(key) || written?.value !== text(value))
      this.broken.push(`${offset} is not what was written`);
    const before = written?.key == null ? undefined : reader.last.get(written.key);
    if (before !== undefined && before >= Number(offset)) this.broken.push(`${offset} comes behind ${before}`);
    if (written?.key == null) reader.keyless.add(Number(offset));
    else reader.last.set(written.key, Number(offset));
  }

  #judge(reader: Reader): void {
    reader.release?.();
    reader.release = undefined;
    const { from, end, last, gaps, keyless, present } = reader;
    const below = Number(end ?? this.log.offsets.lastStableOffset);
    const isTold = (offset: number, reason?: string): boolean =>
      gaps.some((gap) => (reason === undefined || gap.reason === reason) && gap.from <= offset && offset < gap.to);
    for (const [key, { offset, value }] of this.#newest(below)) {
      if (offset < from || last.get(key) === offset || isTold(offset, 'retention')) continue;
      // A tombstone that went is missed only by who has what it buries.
      const isGone = value === null && offset < this.log.seen.tombstones && !present.has(offset);
      if (isGone && (!last.has(key) || (end === undefined && isTold(offset)))) continue;
      this.broken.push(`a reader from ${from} has ${last.get(key)} for ${key}, not ${offset}`);
    }
    for (const { key, offset, fate } of this.written) {
      const isMissing =
        key === null && fate === 'committed' && offset >= from && offset < below && !keyless.has(offset);
      if (isMissing && !isTold(offset, 'retention')) this.broken.push(`a reader from ${from} lacks ${offset}`);
    }
  }

  /** By key, the newest committed record below an offset. */
  #newest(below: number): Map<string, Written> {
    const newest = new Map<string, Written>();
    for (const record of this.written)
      if (record.key !== null && record.fate === 'committed' && record.offset < below) newest.set(record.key, record);
    return newest;
  }

  #stand(end: bigint): void {
    this.#end = end;
    const { logStart } = this.log.state;
    this.log.stand({ logStart, highWatermark: end, lastStableOffset: end }, this.clock.now()).subscribe();
    this.clock.advance(1);
  }

  #opened(): Partition {
    const made: Partition[] = [];
    openPartition(this.#store, 'orders', { topic: 1, partition: 0 }).subscribe(({ partition: data, isDamaged }) => {
      if (isDamaged) this.broken.push('the log does not open');
      made.push(
        new Partition({
          ...{ data, memory: new Memory(300_000), scheduler: this.clock, maxInflated: 1 << 20 },
          ...{ secret: Buffer.alloc(16, 7), isCompacted: true, isEmbedded: false },
          topicId: () => 'id',
          notify: ({ event }) => this.broken.push(event),
        }),
      );
    });
    this.clock.advance(1);
    return made[0] as Partition;
  }
}
