import type { SchedulerLike, Subscriber } from 'rxjs';
import type { Backoff } from '../../backoff.ts';
import { listen } from '../../listen.ts';
import type { ProducerNumber } from '../../producing/produced.ts';
import { isFault, type KafkaError } from '../../protocol/kafka-error.ts';
import type { Cluster } from '../cluster.ts';
import { asKafkaError, heals, kafkaFault, NONE } from '../kafka-errors.ts';
import { initProducerId } from '../requests/init-producer-id.ts';

export interface ProducerId {
  readonly id: bigint;
  readonly epoch: number;
}

export interface ProducerIdsOptions {
  readonly cluster: Cluster;
  readonly backoff: Backoff;
  readonly scheduler: SchedulerLike;
  readonly life: Subscriber<never>;
  /** Told that there is an id. */
  readonly ready: () => void;
  /** Told why there is none. */
  readonly refused: (fault: KafkaError) => void;
}

/** The one producer id of a producer, asked for when it is first needed. */
export class ProducerIds {
  readonly #options: ProducerIdsOptions;
  #current: ProducerId | undefined;
  #asking = false;

  constructor(options: ProducerIdsOptions) {
    this.#options = options;
  }

  /** The id if there is one; else it is asked for. */
  get(): ProducerId | undefined {
    if (this.#current === undefined && !this.#asking) {
      this.#asking = true;
      // Later, since who asks is not ready to be told.
      this.#askIn(0);
    }
    return this.#current;
  }

  /** Says that an id has no epoch left. */
  exhaust(id: bigint): void {
    if (this.#current?.id === id) this.#current = undefined;
  }

  #askIn(wait: number): void {
    const { scheduler, life } = this.#options;
    life.add(scheduler.schedule(() => this.#ask(), wait));
  }

  #ask(): void {
    const { cluster, backoff, life, ready } = this.#options;
    listen(cluster.ask(initProducerId, {}), life, {
      next: ({ error, producerId, producerEpoch }) => {
        if (error !== NONE) return this.#failed(kafkaFault(error));
        this.#asking = false;
        backoff.reset();
        this.#current = { id: producerId, epoch: producerEpoch };
        ready();
      },
      error: (thrown) => {
        if (!isFault(thrown)) throw thrown;
        this.#failed(asKafkaError(thrown));
      },
      complete() {},
    });
  }

  #failed(fault: KafkaError): void {
    const { backoff, refused } = this.#options;
    if (heals(fault)) return this.#askIn(backoff.next());
    this.#asking = false;
    refused(fault.at('InitProducerId'));
  }
}

const LAST_EPOCH = 0x7fff;
/** Sequences go on with 0 behind the greatest. */
const SEQUENCES = 0x7fffffff;

/** How the batches of one partition are numbered: one after the other, without holes. */
export class Numbering {
  readonly #ids: ProducerIds;
  #producer: ProducerId | undefined;
  #next = 0;

  constructor(ids: ProducerIds) {
    this.#ids = ids;
  }

  /** Whether there is an id to number with; it is asked for if there is none. */
  get isReady(): boolean {
    this.#producer ??= this.#ids.get();
    return this.#producer !== undefined;
  }

  /** Numbers a batch of so many records; an id is there. */
  take(count: number): ProducerNumber {
    const { id, epoch } = this.#producer as ProducerId;
    const sequence = this.#next;
    this.#next = following(sequence, count);
    return { id, epoch, sequence };
  }

  /** The numbers of a part of a batch: those that it has, from `sequence` on. */
  keep(sequence: number): ProducerNumber {
    const { id, epoch } = this.#producer as ProducerId;
    return { id, epoch, sequence };
  }

  /** Starts at 0 in the next epoch (KIP-360), with which a broker no longer takes anything of this one. */
  restart(): void {
    this.#next = 0;
    if (this.#producer === undefined) return;
    const { id, epoch } = this.#producer;
    if (epoch < LAST_EPOCH) {
      this.#producer = { id, epoch: epoch + 1 };
      return;
    }
    this.#ids.exhaust(id);
    this.#producer = undefined;
  }
}

/** The sequence that follows on a batch of so many records (Kafka's DefaultRecordBatch). */
export const following = (sequence: number, count: number): number => (sequence + count) & SEQUENCES;
