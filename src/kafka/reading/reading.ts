import type { SchedulerLike, Subscriber } from 'rxjs';
import type { Isolation, KafkaFault } from '../../protocol/kafka.ts';
import type { Cluster } from '../cluster.ts';
import type { Fetchers } from './fetchers.ts';
import type { Reader } from './reader.ts';

/** What readers of a stream have in common. */
export interface Reading {
  readonly cluster: Cluster;
  readonly fetchers: Fetchers;
  readonly topic: string;
  readonly isolation: Isolation;
  /** Whether the stream ends where its partitions did when it began. */
  readonly isBounded: boolean;
  /** The most bytes that wait of a partition, but for one batch. */
  readonly ahead: number;
  /** The most bytes that the records of a batch may inflate to, if those are not less than four times its own. */
  readonly maxInflated: number;
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
