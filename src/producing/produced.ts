import type { Acks, KafkaFault } from '../protocol/kafka.ts';
import type { BuiltRecord } from '../records/batch-builder.ts';

/** Where a record was written; the offset is -1 where no acks were asked for. */
export interface Produced {
  readonly partition: number;
  readonly offset: bigint;
  readonly timestamp: bigint;
}

/** What a broker tells a record by from those that it has (KIP-98). */
export interface ProducerNumber {
  readonly id: bigint;
  readonly epoch: number;
  readonly sequence: number;
}

/** How a record is to be written. */
export interface SendOptions {
  readonly acks: Acks;
  /** The caller's own number, if it has one. */
  readonly own?: ProducerNumber | undefined;
  /** When its time to be delivered began, in milliseconds since 1970; now, by default. */
  readonly since?: number | undefined;
}

/**
 * Writes a record to a partition of a topic. `done` is told once where it is, or why it is not, and does not throw; until
 * then the record's bytes do not change.
 */
export type Send = (
  partition: number,
  record: BuiltRecord,
  options: SendOptions,
  done: (result: Produced | KafkaFault) => void,
) => void;
