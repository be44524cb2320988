import type { ProducedRecord } from '../../protocol/kafka.ts';
import { partitionOf } from '../partitioner.ts';
import type { Topic } from '../topic.ts';

/** Chooses the partitions of records: the one they name, that of their hash key or key, or each in turn. */
export class PartitionChoice {
  readonly #only: number | undefined;
  #turn = 0;

  /** @param only the partition of all of them, if it is decided */
  constructor(only?: number) {
    this.#only = only;
  }

  of({ partition, hashKey, key }: ProducedRecord, { partitions }: Topic): number {
    if (this.#only !== undefined) return this.#only;
    if (partition !== undefined) return partition;
    const hashed = hashKey ?? key;
    if (hashed !== null) return partitionOf(hashed, partitions.length);
    const led = partitions.filter(({ leader }) => leader >= 0);
    const open = led.length > 0 ? led : partitions;
    this.#turn += 1;
    return open[this.#turn % open.length]?.partition ?? 0;
  }
}
