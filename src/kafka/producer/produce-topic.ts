import type { Subscriber, Subscription } from 'rxjs';
import { listen } from '../../listen.ts';
import { isFault } from '../../protocol/kafka-error.ts';
import type { Cluster } from '../cluster.ts';
import { asKafkaError } from '../kafka-errors.ts';
import type { Topic } from '../topic.ts';
import { NO_LEADER, PartitionQueue, type PartitionQueueOptions } from './partition-queue.ts';
import type { Sending } from './produce-batch.ts';

export interface ProduceTopicOptions extends Omit<PartitionQueueOptions, 'idle' | 'backoff'> {
  readonly cluster: Cluster;
  readonly life: Subscriber<never>;
  readonly backoff: () => PartitionQueueOptions['backoff'];
  /** Told that a partition has another leader than this one. */
  readonly moved: (queue: PartitionQueue, from: number) => void;
}

/**
 * The queues of one topic's partitions. While any has records, it follows which brokers lead them. The queues stay, since
 * how their batches are numbered must never be forgotten.
 */
export class ProduceTopic {
  readonly #name: string;
  readonly #options: ProduceTopicOptions;
  readonly #queues = new Map<number, PartitionQueue>();
  readonly #busy = new Set<PartitionQueue>();
  #topic: Topic | undefined;
  #watching: Subscription | undefined;

  constructor(name: string, options: ProduceTopicOptions) {
    this.#name = name;
    this.#options = options;
  }

  /** Those that have records. */
  get busy(): readonly PartitionQueue[] {
    return [...this.#busy];
  }

  add(partition: number, sending: Sending): void {
    const queue = this.#queues.get(partition) ?? this.#open(partition);
    this.#busy.add(queue);
    queue.add(sending);
    if (this.#watching === undefined) this.#watch();
  }

  #open(partition: number): PartitionQueue {
    const queue = new PartitionQueue(this.#name, partition, {
      ...this.#options,
      backoff: this.#options.backoff(),
      idle: () => this.#idle(queue),
    });
    this.#queues.set(partition, queue);
    queue.leader = this.#leaderOf(partition);
    return queue;
  }

  #watch(): void {
    const { cluster, life } = this.#options;
    const watching = listen(cluster.topic(this.#name, { create: true }), life, {
      next: (topic) => {
        this.#topic = topic;
        for (const queue of this.#queues.values()) this.#lead(queue);
      },
      error: (thrown) => {
        if (!isFault(thrown)) throw thrown;
        for (const queue of this.busy) queue.refuse(asKafkaError(thrown));
        this.#watching = undefined;
      },
      complete() {},
    });
    if (!watching.closed) this.#watching = watching;
  }

  #lead(queue: PartitionQueue): void {
    const { leader: before } = queue;
    queue.leader = this.#leaderOf(queue.partition);
    if (before !== undefined && before !== queue.leader) this.#options.moved(queue, before);
  }

  #leaderOf(partition: number): number | undefined {
    if (this.#topic === undefined) return NO_LEADER;
    return this.#topic.partitions.find((one) => one.partition === partition)?.leader;
  }

  #idle(queue: PartitionQueue): void {
    this.#busy.delete(queue);
    if (this.#busy.size > 0) return;
    this.#watching?.unsubscribe();
    this.#watching = undefined;
  }
}
