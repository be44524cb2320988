import type { SchedulerLike } from 'rxjs';
import type { Sasl } from '../../src/kafka/sasl.ts';
import type { Kafka, KafkaFault } from '../../src/protocol/kafka.ts';
import type { Endpoint, Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { route } from '../flow/route.ts';

export interface KafkaClientOptions {
  /** Where to begin, at least one. */
  readonly servers: readonly Endpoint[];
  readonly sasl?: Sasl;
  /** How what is produced is compressed; `none` by default. */
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** Told what is tried again, and why. */
  readonly onRetry?: (fault: KafkaFault) => void;
  readonly scheduler?: SchedulerLike;
}

/** Refuses every stream until its other half is there. */
export const client = (_exit: Binding<Net>, _options: KafkaClientOptions): Binding<Kafka> => route(() => undefined);
