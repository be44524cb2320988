import type { Observable, TeardownLogic } from 'rxjs';
import type { Gap } from '../marks.ts';
import type { Positioned, Run } from '../run.ts';

/** Where a stream begins on a partition: the log's start, its end, an offset, or the first record at or after a time. */
export type From = 'earliest' | 'latest' | { readonly offset: bigint } | { readonly timestamp: bigint };

/** A record that a key index may know. */
export interface KeyedRecord extends Positioned {
  /** One without neither conflates nor is conflated. */
  readonly key: Uint8Array | null;
}

/** Which records a reader of a log sees: those that are decided and not aborted, or all. */
export type LogIsolation = 'read_committed' | 'read_uncommitted';

/** Where the log of a partition stands. */
export interface LogOffsets {
  /** Whether it is known where the log begins; before that there is nothing to read. */
  readonly isBegun: boolean;
  /** The first offset that can be read. */
  readonly logStart: bigint;
  /** The first offset that is not decided yet: that of the oldest open transaction, else the end. */
  readonly lastStableOffset: bigint;
  /** The end: the offset of the record that comes next. */
  readonly highWatermark: bigint;
  /** Whether these are those of the source that the log follows, as of now. A log that follows none always is. */
  readonly isLevel: boolean;
}

/** Where a reader of a partition begins, and where that stands. */
export interface PartitionOffsets {
  readonly partition: number;
  /** The next offset that the stream will read. */
  readonly offset: bigint;
  readonly lastStableOffset: bigint;
  readonly highWatermark: bigint;
}

/** Where the log ends for a reader. */
export const readableEnd = (offsets: LogOffsets, isolation: LogIsolation): bigint =>
  isolation === 'read_committed' ? offsets.lastStableOffset : offsets.highWatermark;

/** A stretch of a log in memory: all that there is to read from offset `from` up to, not including, `to`. */
export interface Chunk<R extends Positioned> {
  readonly from: bigint;
  readonly to: bigint;
  /** Its records; without it there are none. */
  readonly run: Run<R> | undefined;
  /** Of one that is lost, what is told to whoever would read it: from where that one is. */
  readonly gap?: Gap;
}

/** What a reader has to remember of a log, so that it can be told what it missed. */
export interface Seen {
  /** Counts how often the log was begun anew. */
  readonly generation: number;
  /** Up to which offset tombstones had been removed by age. */
  readonly tombstones: bigint;
}

/** What a reader missed, and where it goes on. */
export interface Missed {
  readonly gap: Gap;
  readonly resume: bigint;
}

/**
 * By key, the newest offset among the decided records of a compacted partition, of all that there are; answered from memory
 * alone.
 */
export interface KeyIndex {
  /** `undefined` where no decided record has the key. */
  newest(key: Uint8Array): bigint | undefined;
  /** Grows whenever an answer may have changed. */
  readonly version: number;
  /** Whether there were records that are lost, so that it may not know what they superseded. */
  readonly isPartial: boolean;
}

/**
 * The log of one partition as readers see it. Whoever reads keeps a position of its own, so that the log holds nothing
 * for a reader.
 */
export interface Log<R extends Positioned> {
  readonly topic: string;
  /** As Kafka's tools print it; empty where there is none. */
  readonly topicId: string;
  readonly partition: number;
  readonly offsets: LogOffsets;
  /** The end of what is known to be written at the source, whether or not it is here yet; unless given, as `offsets` says. */
  readonly expected?: bigint;
  /** Emits when its offsets changed, or there may be something that readers missed. Errors with a fault when it is gone. */
  readonly changes: Observable<void>;
  /** What conflates here; nothing does on a topic that is not compacted. */
  readonly index: KeyIndex | undefined;

  /** The chunk with the offset, if it is in memory: `from <= offset < to`. Nothing at the end of what may be read. */
  peek(offset: bigint, isolation: LogIsolation): Chunk<R> | undefined;
  /** Brings that chunk into memory and emits it, once, or completes if there is none. Errors with a fault. */
  load(offset: bigint, isolation: LogIsolation): Observable<Chunk<R>>;
  /**
   * Of a chunk, the records that are still the newest of their key, as of now: left out are those of which a newer one is
   * known that is below `below`. Undecided records and those without a key all stay. The same object as
   * long as nothing changed. Without an index, the whole run.
   */
  current(chunk: Chunk<R>, below?: bigint): Run<R> | undefined;
  /** The offset of the first record at or after a time, in milliseconds since 1970; emits the end where there is none. */
  find(timestamp: bigint): Observable<bigint>;

  /** What whoever starts now, at no offset it has from before, has to remember. */
  readonly seen: Seen;
  /**
   * What a reader at `position` missed that remembers `seen`; whoever begins at an offset from before saw no tombstone go.
   * Cheap, for it is asked at every send, and each gap is answered once: `seen` is then what it is now. A position behind
   * the end is out of range only where the log is level, and nothing more is expected.
   */
  missed(position: bigint, seen: Seen): Missed | undefined;
  /**
   * Up to where the index stood when the cleaner last took something: what it took is superseded below that. Never above
   * the last stable offset; 0 where nothing was taken.
   */
  readonly cleaned: bigint;
  /**
   * Keeps the cleaner from removing what a snapshot taken at `end` is still to read: what is superseded only by records
   * at or above `end`. Undone by what it answers.
   */
  hold(end: bigint): TeardownLogic;
}
