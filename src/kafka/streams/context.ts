import type { SchedulerLike } from 'rxjs';
import type { BackoffOptions } from '../../backoff.ts';
import type { KafkaFault } from '../../protocol/kafka.ts';
import type { Client } from '../client.ts';

/** What the streams of a binding answer from. */
export interface Context extends Client {
  /** How old metadata and configs may become, in milliseconds. */
  readonly metadataMaxAge: number;
  /** The most bytes that the records of a batch may inflate to, if those are not less than four times its own. */
  readonly maxInflated: number;
  /** The credit of a lane that produces, in bytes. */
  readonly produceWindow: number;
  /** The most bytes of a record that is produced; as its topic says where it is `undefined`. */
  readonly maxRecord: number | undefined;
  /** How long to leave alone what failed. */
  readonly backoff: BackoffOptions;
  readonly scheduler: SchedulerLike;
  readonly onRetry: (fault: KafkaFault) => void;
}
