import type { Observable } from 'rxjs';
import type { Log } from '../../log.ts';
import type { KafkaRecord } from '../../protocol/kafka.ts';
import type { RecordBatch } from '../../protocol/kafka-batch.ts';

/** Where the source of a log stands, as it was told last. */
export interface Standing {
  readonly logStart: bigint;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
}

/** The log of a partition as what follows a source writes it. Every write is atomic, and its Observable completes once it is done. */
export interface FollowedLog {
  readonly log: Log<KafkaRecord>;
  readonly state: {
    /** The next offset to fetch. */
    readonly end: bigint;
    /** The leader's epoch of the last batch; -1 where there is none. */
    readonly lastEpoch: number;
    /** When it was level with its source last, in milliseconds since 1970; 0 for never. */
    readonly levelAt: number;
    /** `undefined` where the log has not begun. */
    readonly source: Standing | undefined;
  };
  /** Where it gets again what it lost. */
  source: { refetch(from: bigint, to: bigint): Observable<readonly RecordBatch[]> } | undefined;
  /** Begins at an offset with nothing; again, for a reason that readers are told: what came at `parted` is other records now. */
  begin(
    at: bigint,
    source: Standing,
    reason?: 'recreated' | 'truncated' | 'tombstones',
    parted?: bigint,
  ): Observable<void>;
  /** Appends batches, and learns where the source stands; holes are allowed. */
  append(
    batches: readonly RecordBatch[],
    seen: Standing & { readonly isLevel: boolean; readonly time: number },
  ): Observable<void>;
  /** The source cannot be seen, so that the log may not be level with it. */
  lost(): void;
  /** Drops what is below an offset. */
  trim(logStart: bigint): Observable<void>;
  /** Drops what is at an offset or behind it; emits whether it could, or the log has to begin again. */
  truncate(to: bigint): Observable<boolean>;
}

/** What is remembered of a topic, so that it can be served without its source. */
export interface Remembered {
  /** As Kafka's tools print it; empty where the source has none. */
  readonly topicId: string;
  readonly partitions: readonly number[];
  /** `undefined` where they are not known, or may not be seen. */
  readonly configs: Readonly<Record<string, string | null>> | undefined;
}

/** The logs of a topic. */
export interface FollowedLogs {
  readonly remembered: Remembered | undefined;
  /** How long a log may be out of touch with its source, in milliseconds, until tombstones may have gone unseen. */
  readonly patience: number;
  /** Whether all of it is kept but what newer records replace. */
  readonly isCompacted: boolean;
  remember(topic: Remembered): Observable<void>;
  /** The log of a partition, made if it is not there. */
  partition(partition: number): Observable<FollowedLog>;
}
