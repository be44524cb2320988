import type { Observable } from 'rxjs';
import type { RecordBatch } from '../protocol/kafka-batch.ts';
import type { Arrived } from './arrived.ts';
import type { Cleaned } from './cleaned.ts';
import type { Holds } from './holds.ts';
import type { KeyTable } from './key-index.ts';
import type { RowMeta } from './row.ts';

/** The log of a compacted partition, as its cleaner sees it. */
export interface Cleanable {
  /** What messages name. */
  readonly name: string;
  /** Counts how often the log was begun anew. */
  readonly generation: number;
  /** In offset order; they leave no offset out. */
  readonly rows: readonly RowMeta[];
  /** When it was cleaned before, the oldest first. */
  readonly passes: readonly Cleaned[];
  /** Up to where records are decided and in the index. */
  readonly lastStableOffset: bigint;
  readonly table: KeyTable;
  /** The snapshots that are being read. */
  readonly holds: Holds;
  isAborted(batch: RecordBatch): boolean;
  /** Nothing if the row is not what was stored. */
  read(row: RowMeta): Observable<readonly RecordBatch[] | undefined>;
  /**
   * Puts batches in the place of consecutive rows, all at once. Emits whether it did: it does not if those are not the
   * rows that are there now.
   *
   * @param tombstones below which some are left out for their age
   */
  rewrite(rows: readonly RowMeta[], batches: readonly Arrived[], tombstones: bigint): Observable<boolean>;
  /**
   * Remembers when it was cleaned.
   *
   * @param voidless below which nothing is left of aborted transactions
   */
  passed(passes: readonly Cleaned[], voidless: bigint): Observable<void>;
}
