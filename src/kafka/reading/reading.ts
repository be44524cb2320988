import type { SchedulerLike, Subscriber } from 'rxjs';
import type { BackoffOptions } from '../../backoff.ts';
import type { From, Isolation, KafkaFault } from '../../protocol/kafka.ts';
import type { Cluster } from '../cluster.ts';
import type { Fetchers } from './fetchers.ts';
import type { Reader } from './reader.ts';

/** Where a reader begins, and the epoch of the record before that, if known. */
export interface Begins {
  readonly from: From;
  readonly lastEpoch?: number | undefined;
}

/** What readers of a stream have in common. */
export interface Reading {
  readonly cluster: Cluster;
  readonly fetchers: Fetchers;
  readonly topic: string;
  readonly isolation: Isolation;
  /** Whether batches are sent as they came, control batches included. */
  readonly isWhole: boolean;
  /** Whether the stream ends where its partitions did when it began. */
  readonly isBounded: boolean;
  /** The most bytes that wait of a partition, but for one batch. */
  readonly ahead: number;
  /** The most bytes that the records of a batch may inflate to, if those are not less than four times its own. */
  readonly maxInflated: number;
  readonly backoff: BackoffOptions;
  readonly scheduler: SchedulerLike;
  /** What the readers live in; what will not heal is an error of it. */
  readonly life: Subscriber<never>;
  /** Whether the receiver takes more. */
  readonly hasCredit: () => boolean;
  /** Told when a reader has something to poll, has begun, or has lost its leader. */
  readonly changed: (reader: Reader) => void;
  /** Told what is tried again. */
  readonly onRetry: (fault: KafkaFault) => void;
}
