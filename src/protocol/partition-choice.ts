import type { Meta, ProducedRecord } from './kafka.ts';
import { partitionOf } from './partitioner.ts';

type Partitions = Pick<Meta, 'partitions'>;

/** Chooses the partitions of records: the one they name, that of their hash key or key, or each in turn. */
export class PartitionChoice {
  readonly #only: number | undefined;
  #topic: Partitions | undefined;
  /** Those that take turns: all with a leader, or all if none has one. */
  #open: readonly number[] = [];
  #turn = 0;

  /** @param only the partition of all of them, if it is decided */
  constructor(only?: number) {
    this.#only = only;
  }

  of({ partition, hashKey, key }: ProducedRecord, topic: Partitions): number {
    if (this.#only !== undefined) return this.#only;
    if (partition !== undefined) return partition;
    const hashed = hashKey ?? key;
    if (hashed !== null) return partitionOf(hashed, topic.partitions.length);
    if (topic !== this.#topic) this.#learn(topic);
    this.#turn = (this.#turn + 1) % this.#open.length;
    return this.#open[this.#turn] ?? 0;
  }

  #learn(topic: Partitions): void {
    const led = topic.partitions.filter(({ leader }) => leader >= 0);
    this.#open = (led.length > 0 ? led : topic.partitions).map(({ partition }) => partition);
    this.#topic = topic;
  }
}
