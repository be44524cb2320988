import type { Observable } from 'rxjs';
import type { Log } from '../../log/log.ts';
import type { KafkaRecord } from '../../protocol/kafka.ts';
import type { RecordBatch } from '../../protocol/kafka-batch.ts';

/** Where the source of a log stands, as it was told last. */
export interface Standing {
  readonly logStart: bigint;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
}

/** Where a log gets again what it lost. */
export interface RefetchSource {
  /** Emits, once, the batches from one offset up to, not including, another that there still are; or that some are lost there, too. */
  refetch(from: bigint, to: bigint): Observable<readonly RecordBatch[] | 'lost'>;
  /** Goes on from where the log ends by now, which was begun anew. */
  resume(): void;
}

/** A partition's log as what follows a source writes it. Every write is atomic; its Observable completes once it is done. */
export interface FollowedLog extends Log<KafkaRecord> {
  /** Where it gets again what it lost. */
  source: RefetchSource | undefined;
  /** The offset to go on at; `undefined` where there is nothing yet. */
  readonly next: bigint | undefined;
  /** The leader's epoch of the batch before `next`; -1 where it is not known. */
  readonly lastEpoch: number;
  /** Where its source stood when that was told last; `undefined` before. */
  readonly standing: Standing | undefined;
  /** When it was begun, in milliseconds since 1970; `undefined` where it was not, or that is not known. */
  readonly begunAt: number | undefined;
  /** When it was last level with its source, in milliseconds since 1970; `undefined` if it never was. */
  readonly levelAt: number | undefined;
  /** Appends batches, each behind the one before; holes are allowed. */
  append(batches: readonly RecordBatch[]): Observable<void>;
  /** Begins a log of which there is nothing. What is written to it before errors with CACHE_RESTARTED. */
  begin(offset: bigint): Observable<void>;
  /** Takes note that there is nothing before `offset` that is not there already, and that it is what comes next. */
  pass(offset: bigint): Observable<void>;
  /** Takes note that what comes before `offset` and is not there is lost at the source, too, so that readers are told. */
  lose(offset: bigint): Observable<void>;
  /** Learns where the source stands at a time; what is below its log start goes. */
  stand(standing: Standing, time: number): Observable<void>;
  /** Learns that the source has records up to, not including, an offset, and will not lose them. */
  expect(end: bigint): void;
  /** What is known of the source may be out of date. */
  unlevel(): void;
  /** Removes what is at `offset` or behind it, since the source did. */
  truncate(offset: bigint): Observable<void>;
  /**
   * Drops all there is, since the source holds another log by now, or tombstones may have gone that were never seen.
   *
   * @param topicId the id of the other one's topic
   */
  restart(reason: 'recreated' | 'tombstones', topicId?: string): Observable<void>;
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
  partition(partition: number): FollowedLog;
}
