import { asapScheduler, Observable, type SchedulerLike, Subject } from 'rxjs';
import type { Chunk, KeyIndex, Log, LogIsolation, LogOffsets, Missed, Seen } from '../../../src/log/log.ts';
import { readableEnd } from '../../../src/log/log.ts';
import type { Gap } from '../../../src/marks.ts';
import type { KafkaRecord } from '../../../src/protocol/kafka.ts';
import { ArrayRun, type Run } from '../../../src/run.ts';

/** A record as a test writes it. */
export interface Written {
  readonly key: string | null;
  /** `null` for a tombstone. */
  readonly value?: string | null;
  readonly timestamp?: number;
  /** What it costs, 1 by default. */
  readonly cost?: number;
  readonly headers?: KafkaRecord['headers'];
}

interface Kept {
  readonly record: KafkaRecord;
  readonly cost: number;
  readonly transaction: string | undefined;
  isAborted: boolean;
}

export interface MemoryLogOptions {
  readonly partition?: number;
  /** How many offsets a chunk has. */
  readonly chunk?: number;
  /** Whether nothing stays in memory: each chunk is to be loaded. */
  readonly cold?: boolean;
  /** Whether the topic is compacted. */
  readonly compacted?: boolean;
  readonly scheduler?: SchedulerLike;
}

/** A log of one partition in memory, whose transactions, cleaner and retention a test drives. */
export class MemoryLog implements Log<KafkaRecord> {
  readonly topic = 'topic';
  topicId = 'an-id';
  readonly partition: number;
  readonly changes = new Subject<void>();
  readonly index: KeyIndex | undefined;
  cleaned = 0n;
  seen: Seen = { generation: 0, tombstones: 0n };
  cold: boolean;
  /** What the next load fails with. */
  failing: unknown;
  /** Offsets from the first up to, not including, the second are lost. */
  lost: readonly [bigint, bigint] | undefined;
  loads = 0;
  peeks = 0;
  readonly #chunk: number;
  readonly #scheduler: SchedulerLike;
  readonly #newest = new Map<string, bigint>();
  readonly #open = new Map<string, bigint>();
  readonly #held = new Set<{ readonly end: bigint }>();
  readonly #chunks = new Map<string, Chunk<KafkaRecord>>();
  readonly #current = new WeakMap<
    object,
    Map<bigint | undefined, { version: number; run: Run<KafkaRecord> | undefined }>
  >();
  #kept: Kept[] = [];
  #start = 0;
  #end = 0;
  #indexed = 0;
  #isLevel = true;
  expected = 0n;
  #offsets: LogOffsets = { isBegun: true, logStart: 0n, lastStableOffset: 0n, highWatermark: 0n, isLevel: true };
  #version = 0;

  constructor({ partition = 0, chunk = 8, cold = false, compacted = true, scheduler }: MemoryLogOptions = {}) {
    this.partition = partition;
    this.#chunk = chunk;
    this.cold = cold;
    this.#scheduler = scheduler ?? asapScheduler;
    const version = (): number => this.#version;
    const isPartial = (): boolean => this.lost !== undefined;
    if (!compacted) return;
    this.index = {
      newest: (key) => this.#newest.get(Buffer.from(key).toString()),
      get version() {
        return version();
      },
      get isPartial() {
        return isPartial();
      },
    };
  }

  get offsets(): LogOffsets {
    return this.#offsets;
  }

  get end(): bigint {
    return BigInt(this.#end);
  }

  /** How many ends are held. */
  get holds(): number {
    return this.#held.size;
  }

  /** All records that are there now. */
  get records(): readonly KafkaRecord[] {
    return this.#kept.map(({ record }) => record);
  }

  /** Appends records, in a transaction if one is named. */
  append(written: readonly Written[], transaction?: string): void {
    for (const one of written) {
      const offset = BigInt(this.#end);
      if (transaction !== undefined && !this.#open.has(transaction)) this.#open.set(transaction, offset);
      this.#kept.push({
        record: recordOf(one, offset, this.partition),
        cost: one.cost ?? 1,
        transaction,
        isAborted: false,
      });
      this.#end += 1;
    }
    this.#changed();
  }

  /** Ends a transaction, with the marker that takes an offset of its own. */
  finish(transaction: string, how: 'commit' | 'abort'): void {
    const first = this.#open.get(transaction);
    if (first === undefined) return;
    this.#open.delete(transaction);
    this.#end += 1;
    if (how === 'abort') {
      for (const kept of this.#kept)
        if (kept.transaction === transaction && kept.record.offset >= first) this.#abort(kept);
    }
    this.#changed();
  }

  #abort(kept: Kept): void {
    kept.isAborted = true;
    (kept.record as { aborted: boolean }).aborted = true;
  }

  setLevel(isLevel: boolean): void {
    this.#isLevel = isLevel;
    this.#changed();
  }

  /** Removes what is superseded, but for what snapshots are still to read. */
  clean(): void {
    const later = new Map<string, bigint[]>();
    const { lastStableOffset } = this.offsets;
    for (const { record, isAborted } of this.#kept) {
      if (record.offset >= lastStableOffset || isAborted || record.key === null) continue;
      const key = Buffer.from(record.key).toString();
      later.set(key, [...(later.get(key) ?? []), record.offset]);
    }
    const before = this.#kept.length;
    this.#kept = this.#kept.filter(({ record: { key, offset }, isAborted }) => {
      if (offset >= lastStableOffset || key === null) return true;
      if (isAborted) return false;
      const newer = (later.get(Buffer.from(key).toString()) ?? []).filter((other) => other > offset);
      const isHeld = [...this.#held].some(({ end }) => offset < end && !newer.some((other) => other < end));
      return newer.length === 0 || isHeld;
    });
    if (this.#kept.length < before) this.cleaned = lastStableOffset;
    this.#chunks.clear();
    this.#changed();
  }

  /** Removes the tombstones below an offset that are the newest of their key, as if they were too old. */
  expireTombstones(below: bigint): void {
    const dead = this.#kept.filter(({ record: { key, value, offset } }) => {
      if (key === null || value !== null || offset >= below) return false;
      return this.#newest.get(Buffer.from(key).toString()) === offset;
    });
    if (dead.length === 0) return;
    this.#kept = this.#kept.filter((kept) => !dead.includes(kept));
    for (const { record } of dead) this.#newest.delete(Buffer.from(record.key as Uint8Array).toString());
    this.seen = { ...this.seen, tombstones: (dead.at(-1) as Kept).record.offset + 1n };
    this.#chunks.clear();
    this.#changed();
  }

  /** Removes all below an offset. */
  retain(start: bigint): void {
    this.#start = Number(start);
    this.#kept = this.#kept.filter(({ record }) => record.offset >= start);
    this.#chunks.clear();
    this.#changed();
  }

  /** Begins anew, as a topic of the same name. */
  recreate(): void {
    this.#kept = [];
    this.#newest.clear();
    this.#open.clear();
    this.#chunks.clear();
    this.#start = 0;
    this.#end = 0;
    this.#indexed = 0;
    this.cleaned = 0n;
    this.seen = { generation: this.seen.generation + 1, tombstones: 0n };
    this.topicId = `id-${this.seen.generation}`;
    this.#changed();
  }

  peek(offset: bigint, isolation: LogIsolation): Chunk<KafkaRecord> | undefined {
    this.peeks += 1;
    return this.cold ? undefined : this.#chunkAt(offset, isolation);
  }

  load(offset: bigint, isolation: LogIsolation): Observable<Chunk<KafkaRecord>> {
    return new Observable((out) => {
      this.loads += 1;
      out.add(
        this.#scheduler.schedule(() => {
          const { failing } = this;
          this.failing = undefined;
          if (failing !== undefined) return out.error(failing);
          const chunk = this.#chunkAt(offset, isolation);
          if (chunk !== undefined) out.next(chunk);
          out.complete();
        }),
      );
    });
  }

  current(chunk: Chunk<KafkaRecord>, below?: bigint): Run<KafkaRecord> | undefined {
    const { run } = chunk;
    if (run === undefined || this.index === undefined) return run;
    const known = this.#current.get(run) ?? new Map();
    this.#current.set(run, known);
    const before = known.get(below);
    if (before?.version === this.#version) return before.run;
    const indices: number[] = [];
    for (let at = 0; at < run.length; at += 1) {
      const { key, offset } = run.at(at);
      const newest = key === null ? undefined : this.#newest.get(Buffer.from(key).toString());
      if (newest === undefined || newest <= offset || (below !== undefined && newest >= below)) indices.push(at);
    }
    const isSame = before?.run !== undefined && before.run.length === indices.length;
    const kept = indices.length === run.length ? run : indices.length === 0 ? undefined : run.pick(indices);
    const answer = isSame ? before.run : kept;
    known.set(below, { version: this.#version, run: answer });
    return answer;
  }

  find(timestamp: bigint): Observable<bigint> {
    return new Observable((out) => {
      out.add(
        this.#scheduler.schedule(() => {
          const found = this.#kept.find(({ record }) => record.timestamp >= timestamp);
          out.next(found?.record.offset ?? this.end);
          out.complete();
        }),
      );
    });
  }

  missed(position: bigint, seen: Seen): Missed | undefined {
    const { partition } = this;
    const gap = (from: bigint, to: bigint, reason: string): Gap => ({ mark: 'gap', partition, from, to, reason });
    if (seen.generation !== this.seen.generation) return { gap: gap(position, position, 'recreated'), resume: 0n };
    const { logStart, highWatermark, isLevel } = this.offsets;
    if (position < logStart) return { gap: gap(position, logStart, 'retention'), resume: logStart };
    if (position > highWatermark && position > this.expected && isLevel)
      return { gap: gap(highWatermark, position, 'out-of-range'), resume: highWatermark };
    const { tombstones } = this.seen;
    if (seen.tombstones < tombstones && position < tombstones)
      return { gap: gap(position, tombstones, 'tombstones'), resume: position };
    return undefined;
  }

  hold(end: bigint): () => void {
    const held = { end };
    this.#held.add(held);
    return () => this.#held.delete(held);
  }

  #chunkAt(offset: bigint, isolation: LogIsolation): Chunk<KafkaRecord> | undefined {
    const end = readableEnd(this.offsets, isolation);
    if (offset >= end || offset < BigInt(this.#start)) return undefined;
    const [lostFrom, lostTo] = this.lost ?? [0n, 0n];
    if (lostFrom <= offset && offset < lostTo) {
      const gap = { mark: 'gap', partition: this.partition, from: lostFrom, to: lostTo, reason: 'corrupt' } as const;
      return { from: lostFrom, to: lostTo, run: undefined, gap };
    }
    const base = Math.floor(Number(offset) / this.#chunk) * this.#chunk;
    const from = BigInt(Math.max(base, this.#start));
    const to = BigInt(base + this.#chunk) < end ? BigInt(base + this.#chunk) : end;
    const { lastStableOffset } = this.offsets;
    const key = `${from} ${to} ${isolation} ${lastStableOffset < to ? lastStableOffset : to}`;
    const known = this.#chunks.get(key);
    if (known !== undefined) return known;
    let low = 0;
    for (let high = this.#kept.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#kept[middle] as Kept).record.offset < from) low = middle + 1;
      else high = middle;
    }
    const list: Kept[] = [];
    for (; low < this.#kept.length && (this.#kept[low] as Kept).record.offset < to; low += 1)
      list.push(this.#kept[low] as Kept);
    const shown = list.filter(({ isAborted }) => isolation === 'read_uncommitted' || !isAborted);
    const records = shown.map(({ record }) => record);
    const costs = shown.map(({ cost }) => cost);
    const chunk = { from, to, run: records.length === 0 ? undefined : new ArrayRun(records, costs) };
    this.#chunks.set(key, chunk);
    return chunk;
  }

  #changed(): void {
    const lastStableOffset = [this.end, ...this.#open.values()].sort((a, b) => Number(a - b))[0] as bigint;
    this.#offsets = {
      isBegun: true,
      logStart: BigInt(this.#start),
      lastStableOffset,
      highWatermark: this.end,
      isLevel: this.#isLevel,
    };
    let low = 0;
    for (let high = this.#kept.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (Number((this.#kept[middle] as Kept).record.offset) < this.#indexed) low = middle + 1;
      else high = middle;
    }
    for (; low < this.#kept.length; low += 1) {
      const { record, isAborted } = this.#kept[low] as Kept;
      if (record.offset >= lastStableOffset) break;
      if (record.key !== null && !isAborted) this.#newest.set(Buffer.from(record.key).toString(), record.offset);
    }
    this.#indexed = Number(lastStableOffset);
    this.#version += 1;
    this.changes.next();
  }
}

function recordOf(
  { key, value = `${key}`, timestamp = 0, headers = [] }: Written,
  offset: bigint,
  partition: number,
): KafkaRecord {
  const bytes = (text: string | null): Uint8Array | null => (text === null ? null : Buffer.from(text));
  return {
    partition,
    offset,
    timestamp: BigInt(timestamp),
    key: bytes(key),
    value: bytes(value),
    headers,
    aborted: false,
  };
}
