import type { SchedulerLike, Subscriber, Subscription } from 'rxjs';
import { listen } from '../../listen.ts';
import { Loop } from '../../loop.ts';
import type { KafkaFault } from '../../protocol/kafka.ts';
import { isFault, KafkaError } from '../../protocol/kafka-error.ts';
import type { Cluster } from '../cluster.ts';
import { NONE } from '../kafka-errors.ts';
import type { Piece } from '../pieces.ts';
import { type ProduceAnswer, type ProducedPartition, type ProduceRequest, produce } from '../requests/produce.ts';
import type { Outcome } from './outcome.ts';
import type { PartitionQueue } from './partition-queue.ts';
import type { Batch } from './produce-batch.ts';

export interface BrokerSenderOptions {
  readonly cluster: Cluster;
  /** The most bytes of batches in a request, except that one batch goes whole. */
  readonly maxRequestSize: number;
  readonly requestTimeout: number;
  readonly scheduler: SchedulerLike;
  readonly life: Subscriber<never>;
}

/** A request that is under way: a batch each of some partitions. */
interface Call {
  readonly batches: ReadonlyMap<PartitionQueue, Batch>;
  /** Whether it was handed to a connection, and so may have left. */
  sent: boolean;
  subscription: Subscription | undefined;
}

/** As many as a connection takes, so that none is built to wait there while it could still grow. */
const MOST_UNDER_WAY = 5;

/** With no more than twice as many answered at a time, that takes no longer than a slice. */
const MOST_RECORDS = 5_000;

/** Which part of the time that a request may take a broker may wait for the acks of others. */
const WAIT = 0.8;

/** Sends to one broker what the queues of the partitions have that it leads: a request carries a batch each of many. */
export class BrokerSender {
  readonly #broker: number;
  readonly #options: BrokerSenderOptions;
  /** Those that may have something to send, in turn. */
  readonly #ready = new Set<PartitionQueue>();
  readonly #calls = new Set<Call>();
  readonly #loop: Loop;
  #turn: Subscription | undefined;

  constructor(broker: number, options: BrokerSenderOptions) {
    this.#broker = broker;
    this.#options = options;
    this.#loop = new Loop(
      () => this.#send(),
      (thrown) => options.life.error(thrown),
      options.scheduler,
    );
  }

  /** Sends soon what a queue has; what others have by then goes along. */
  wake(queue: PartitionQueue): void {
    this.#ready.add(queue);
    this.#wake();
  }

  /** Takes back what waits for a connection to a broker that no longer leads its partition. */
  recall(queue: PartitionQueue): void {
    for (const call of [...this.#calls]) {
      if (call.sent || !call.batches.has(queue)) continue;
      call.subscription?.unsubscribe();
      this.#calls.delete(call);
      for (const [other, batch] of call.batches) other.recall(batch);
    }
    this.#wake();
  }

  #wake(): void {
    if (this.#ready.size === 0 || this.#calls.size >= MOST_UNDER_WAY) return;
    this.#turn ??= this.#options.scheduler.schedule(() => {
      this.#turn = undefined;
      this.#loop.wake();
    });
  }

  /** Sends one request, and answers whether it did. */
  #send(): boolean {
    if (this.#calls.size >= MOST_UNDER_WAY) return false;
    const batches = this.#gather();
    if (batches.size === 0) return false;
    for (const [queue, batch] of batches) {
      queue.fly(batch, this.#broker);
      // Behind the others, in case there is more than one request can hold.
      this.#ready.delete(queue);
      this.#ready.add(queue);
    }
    this.#request({ batches, sent: false, subscription: undefined });
    return true;
  }

  /** Of each queue the next batch, as long as they fit; all have the same acks, so that none waits for more than it asked. */
  #gather(): ReadonlyMap<PartitionQueue, Batch> {
    const batches = new Map<PartitionQueue, Batch>();
    let room = this.#options.maxRequestSize;
    let records = 0;
    let acks: Batch['acks'] | undefined;
    for (const queue of this.#ready) {
      if (room <= 0 || records >= MOST_RECORDS) break;
      const batch = queue.next(this.#broker);
      if (batch === undefined) this.#ready.delete(queue);
      else if (acks === undefined || (batch.acks === acks && batch.length <= room)) {
        acks = batch.acks;
        room -= batch.length;
        records += batch.count;
        batches.set(queue, batch);
      }
    }
    return batches;
  }

  #request(call: Call): void {
    const { cluster, requestTimeout, life } = this.#options;
    const traced: typeof produce = {
      ...produce,
      encode: (version, body) => {
        call.sent = true;
        return produce.encode(version, body);
      },
    };
    const request = requestOf(call.batches, Math.ceil(requestTimeout * WAIT));
    this.#calls.add(call);
    call.subscription = listen(cluster.request(this.#broker, traced, request, requestTimeout), life, {
      next: (answer) => this.#answered(call, answer),
      error: (thrown) => {
        if (!isFault(thrown)) throw thrown;
        this.#over(call, () => ({ fault: thrown, sent: call.sent }));
      },
      complete: () => this.#over(call, ({ partition }) => ({ answer: unanswered(partition) })),
    });
  }

  #answered(call: Call, { topics }: ProduceAnswer): void {
    const found = new Map<string, ProducedPartition>();
    for (const { topic, partitions } of topics) {
      for (const partition of partitions) found.set(`${topic}/${partition.partition}`, partition);
    }
    this.#over(call, ({ topic, partition }) => {
      const answer = found.get(`${topic}/${partition}`);
      return answer === undefined ? leftOut : { answer };
    });
  }

  #over(call: Call, outcomeOf: (queue: PartitionQueue) => Outcome): void {
    if (!this.#calls.delete(call)) return;
    for (const [queue, batch] of call.batches) {
      const place = `broker ${this.#broker}, Produce to ${queue.topic}/${queue.partition}`;
      queue.settle(batch, outcomeOf(queue), place);
    }
    this.#wake();
  }
}

const leftOut: Outcome = {
  fault: new KafkaError('KAFKA_RESPONSE', 'the answer leaves the partition out') satisfies KafkaFault,
  sent: true,
};

/** What stands for an answer where none was asked for. */
const unanswered = (partition: number): ProducedPartition => ({
  ...{ partition, error: NONE, baseOffset: -1n, logAppendTime: -1n, logStartOffset: -1n },
  ...{ recordErrors: [], message: null },
});

function requestOf(batches: Call['batches'], timeoutMs: number): ProduceRequest {
  const topics = new Map<string, { partition: number; records: readonly Piece[] }[]>();
  let acks: Batch['acks'] = 'all';
  for (const [{ topic, partition }, batch] of batches) {
    const partitions = topics.get(topic) ?? [];
    partitions.push({ partition, records: batch.pieces });
    topics.set(topic, partitions);
    acks = batch.acks;
  }
  return { acks, timeoutMs, topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })) };
}
