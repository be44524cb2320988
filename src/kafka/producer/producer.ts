import { type SchedulerLike, Subscriber } from 'rxjs';
import { Backoff, type BackoffOptions } from '../../backoff.ts';
import { positive, SluiceError } from '../../errors.ts';
import type { Produced, SendOptions } from '../../producing/produced.ts';
import { sizeOf } from '../../producing/record-size.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { tooLarge } from '../../protocol/kafka-producing.ts';
import type { BuiltRecord } from '../../records/batch-builder.ts';
import { type Codec, type Compression, codecNamed } from '../../records/codecs/index.ts';
import { eventLoop } from '../../scheduler.ts';
import type { Cluster } from '../cluster.ts';
import { BrokerSender } from './broker-sender.ts';
import type { Sending } from './produce-batch.ts';
import { ProduceTopic } from './produce-topic.ts';
import { ProducerIds } from './producer-ids.ts';

export interface ProducerOptions extends BackoffOptions {
  /** `none` by default. */
  readonly compression?: Compression;
  /** The most bytes of records in a batch, before they are compressed; an integer >= 1, 256 KiB by default. */
  readonly batchSize?: number;
  /** How long a batch that is not full waits for more records, in milliseconds, an integer >= 0; 0 by default. */
  readonly linger?: number;
  /**
   * The most bytes of a record, and of the batches of a request, an integer >= 1. By default a record may be as large as its
   * topic takes, and the batches of a request together have 1 MiB, unless one alone has more.
   */
  readonly maxRequestSize?: number;
  /** How long a record may take, in milliseconds from when it is handed in, or was whole in a stage; an integer >= 1, 120,000 by default. */
  readonly deliveryTimeout?: number;
  /** How long a request may take, in milliseconds, an integer >= 1; 30,000 by default. */
  readonly requestTimeout?: number;
  readonly scheduler?: SchedulerLike;
}

/** Options with their defaults. */
type Settings = BackoffOptions & { readonly codec: Codec } & Required<
    Omit<ProducerOptions, keyof BackoffOptions | 'compression'>
  >;

/**
 * Writes records to the partitions of a cluster. All that is produced to a partition goes through one queue of its, in the
 * order in which it is handed in, as batches that grow while requests are under way. With acks `all` nothing is lost,
 * doubled or reordered whatever happens to connections and leaders: batches are numbered, and sent again until they are
 * acknowledged or too old. With other acks nothing is sent again that may have been written.
 */
export class Producer {
  readonly #cluster: Cluster;
  readonly #options: Settings;
  readonly #maxRecord: number;
  readonly #ids: ProducerIds;
  readonly #topics = new Map<string, ProduceTopic>();
  readonly #senders = new Map<number, BrokerSender>();
  readonly #life: Subscriber<never>;
  #closed: KafkaError | undefined;

  /** @throws SluiceError OPTION_INVALID */
  constructor(cluster: Cluster, options: ProducerOptions = {}) {
    const { compression = 'none', batchSize = 256 * 1024, linger = 0, maxRequestSize = 1024 * 1024 } = options;
    const { deliveryTimeout = 120_000, requestTimeout = 30_000, scheduler = eventLoop } = options;
    const sizes = {
      batchSize: positive('batchSize', batchSize),
      maxRequestSize: positive('maxRequestSize', maxRequestSize),
    };
    positive('deliveryTimeout', deliveryTimeout);
    positive('requestTimeout', requestTimeout);
    if (!Number.isSafeInteger(linger) || linger < 0) {
      throw new SluiceError('OPTION_INVALID', `linger must be an integer >= 0, not ${linger}`);
    }
    this.#cluster = cluster;
    this.#maxRecord = options.maxRequestSize ?? Number.POSITIVE_INFINITY;
    const codec = codecNamed(compression);
    this.#options = { ...options, ...sizes, codec, linger, deliveryTimeout, requestTimeout, scheduler };
    const failed = (thrown: unknown): void => this.#close(`the producer failed: ${(thrown as Error)?.message}`, thrown);
    this.#life = new Subscriber<never>({ next() {}, error: failed, complete() {} });
    this.#ids = new ProducerIds({
      ...{ cluster, scheduler, life: this.#life, backoff: new Backoff(options) },
      ready: () => this.#each((queue) => queue.wake()),
      refused: (fault) => this.#each((queue) => queue.refuseNumbered(fault)),
    });
  }

  /**
   * Writes one record; `done` is told once where it is, or why it is not, and must not throw. The record's bytes must not
   * change until then. A topic that is missing is made, if its cluster does so.
   *
   * The errors are KAFKA_RECORD_TOO_LARGE, KAFKA_DELIVERY_TIMEOUT, KAFKA_BATCH_REFUSED, KAFKA_CLOSED, one of Kafka's own,
   * or what ended a connection; where the record may have been written all the same, the message says so.
   */
  send(
    topic: string,
    partition: number,
    record: BuiltRecord,
    { acks, own, since }: SendOptions,
    done: (result: Produced | KafkaError) => void,
  ): void {
    const { scheduler } = this.#options;
    const size = sizeOf(record);
    if (this.#closed !== undefined) return done(this.#closed);
    if (size > this.#maxRecord) return done(tooLarge(`${topic}/${partition}`, size, this.#maxRecord));
    const sending: Sending = { record, acks, own, since: since ?? scheduler.now(), size, done };
    this.#topic(topic).add(partition, sending);
  }

  /** Gives everything up: what is not answered gets KAFKA_CLOSED. */
  close(): void {
    this.#close('the producer was closed');
  }

  #close(why: string, cause?: unknown): void {
    if (this.#closed !== undefined) return;
    this.#closed = new KafkaError('KAFKA_CLOSED', why, cause === undefined ? undefined : { cause });
    this.#life.unsubscribe();
    this.#each((queue) => queue.refuse(this.#closed as KafkaError));
  }

  #each(tell: (queue: ProduceTopic['busy'][number]) => void): void {
    for (const { busy } of this.#topics.values()) busy.forEach(tell);
  }

  #topic(name: string): ProduceTopic {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const topic = new ProduceTopic(name, {
      ...this.#options,
      cluster: this.#cluster,
      ids: this.#ids,
      life: this.#life,
      backoff: () => new Backoff(this.#options),
      ready: (queue, broker) => this.#sender(broker).wake(queue),
      moved: (queue, from) => this.#senders.get(from)?.recall(queue),
      stale: () => this.#cluster.refresh(),
    });
    this.#topics.set(name, topic);
    return topic;
  }

  #sender(broker: number): BrokerSender {
    let sender = this.#senders.get(broker);
    if (sender === undefined) {
      sender = new BrokerSender(broker, { ...this.#options, cluster: this.#cluster, life: this.#life });
      this.#senders.set(broker, sender);
    }
    return sender;
  }
}
