/** A record batch of message format 2: what its header says, and all its bytes. */
export interface RecordBatch {
  readonly baseOffset: bigint;
  /** That of its last record when it was written; compaction may have taken that one since. */
  readonly lastOffset: bigint;
  /** The epoch of the leader that appended it. */
  readonly leaderEpoch: number;
  /** -1 where no producer numbered it. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** The id of its codec, 0 for none. */
  readonly compression: number;
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  /** Whether the broker's time of appending, `maxTimestamp`, is that of every record. */
  readonly isLogAppendTime: boolean;
  /** How many records it has now. */
  readonly count: number;
  readonly bytes: Uint8Array;
}
