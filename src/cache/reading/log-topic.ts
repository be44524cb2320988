import type { Observable } from 'rxjs';
import type { Dispatcher } from '../../log/dispatcher.ts';
import type { Description, KafkaRecord, Meta } from '../../protocol/kafka.ts';

/** The log of a partition, and where a stream begins there that does not say. */
export interface LogSource {
  readonly dispatcher: Dispatcher<KafkaRecord>;
  readonly from: 'earliest' | 'latest';
}

/** A topic as it is read from its logs. Whatever fails errors with a fault; it is kept while it is subscribed to. */
export interface LogTopic {
  readonly metas: Observable<Meta>;
  /** All of its configuration. */
  readonly descriptions: Observable<Description>;
  /** The log of a partition, as soon as there is one. */
  log(partition: number): Observable<LogSource>;
}

export interface ReadingOptions {
  /** How long a bounded read may take nothing, in milliseconds. */
  readonly snapshotTimeout: number;
}
