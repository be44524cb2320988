import { type CompressionTypes, Partitioners, type Producer, type Transaction } from 'kafkajs';
import type { Judge, NewRecord } from '../../broker/judge.ts';
import { CODECS } from './codecs.ts';
import { EPOCH, LAST, recordOf, timeOf } from './records.ts';

/** How many records go in one request to each leader. */
const CHUNK = 500;
/** For how many chunks the long transactions last. */
const LONG = 7;

/** Writes numbered records to a topic: plainly, in transactions that end one way or the other, and with every codec. */
export class Writer {
  readonly #topic: string;
  readonly #keys: number;
  readonly #partitions: number;
  readonly #producers: readonly [plain: Producer, short: Producer, long: Producer];
  /** The numbers of the records whose transactions were aborted. */
  readonly aborted = new Set<number>();
  #long: { readonly transaction: Transaction; readonly messages: readonly NewRecord[] } | undefined;
  #chunk = 0;
  #next = 0;

  private constructor(
    topic: string,
    keys: number,
    partitions: number,
    producers: readonly [Producer, Producer, Producer],
  ) {
    this.#topic = topic;
    this.#keys = keys;
    this.#partitions = partitions;
    this.#producers = producers;
  }

  static async to(judge: Judge, topic: string, keys: number, partitions: number): Promise<Writer> {
    const common = { createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false };
    const transactional = (name: string) => ({
      ...common,
      transactionalId: `${topic}-${name}`,
      transactionTimeout: 600_000,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    const producers = [
      judge.kafka.producer(common),
      judge.kafka.producer(transactional('short')),
      judge.kafka.producer(transactional('long')),
    ] as const;
    for (const producer of producers) await producer.connect();
    return new Writer(topic, keys, partitions, producers);
  }

  /** How many were written. */
  get written(): number {
    return this.#next;
  }

  /** Writes so many records, with or without keys; some of all are in transactions, which end within them. */
  async write(records: number, isKeyed = true): Promise<void> {
    for (let left = records; left > 0; left -= CHUNK) {
      const messages = this.#take(Math.min(left, CHUNK), isKeyed);
      const [plain, short] = this.#producers;
      const kind = this.#chunk % 5;
      if (this.#chunk % LONG === 0) await this.#turn(messages);
      else if (kind < 3) await this.#send(plain, messages);
      else {
        const transaction = await short.transaction();
        await this.#send(transaction, messages);
        await (kind === 3 ? transaction.commit() : this.#abort(transaction, messages));
      }
      this.#chunk += 1;
    }
    await this.#endLong();
  }

  /** Writes every key in a transaction, and answers how to abort that. */
  async rewrite(): Promise<() => Promise<void>> {
    const [, short] = this.#producers;
    const transaction = await short.transaction();
    const all: NewRecord[] = [];
    for (let key = 0; key < this.#keys; key += CHUNK) {
      const messages = Array.from({ length: Math.min(CHUNK, this.#keys - key) }, (_, n) => ({
        ...recordOf(this.#next + n, this.#keys),
        key: `k${key + n}`,
      }));
      this.#next += messages.length;
      all.push(...messages);
      await this.#send(transaction, messages);
    }
    return () => this.#abort(transaction, all);
  }

  /** Writes the last record of each partition. */
  async end(): Promise<void> {
    const messages = Array.from({ length: this.#partitions }, (_, partition) => ({
      ...recordOf(this.#next + partition, this.#keys),
      key: LAST,
      value: 'the last',
      partition,
    }));
    await this.#send(this.#producers[0], messages);
  }

  async close(): Promise<void> {
    for (const producer of this.#producers) await producer.disconnect();
  }

  #take(count: number, isKeyed: boolean): NewRecord[] {
    const first = this.#next;
    this.#next += count;
    return Array.from({ length: count }, (_, n) => recordOf(first + n, this.#keys, isKeyed));
  }

  /** Writes in a transaction that stays open for some chunks: the one before it ends. */
  async #turn(messages: readonly NewRecord[]): Promise<void> {
    await this.#endLong();
    const transaction = await this.#producers[2].transaction();
    this.#long = { transaction, messages };
    await this.#send(transaction, messages);
  }

  async #endLong(): Promise<void> {
    const long = this.#long;
    this.#long = undefined;
    if (long === undefined) return;
    const { transaction, messages } = long;
    await (this.#chunk % 2 === 0 ? transaction.commit() : this.#abort(transaction, messages));
  }

  async #abort(transaction: Transaction, messages: readonly NewRecord[]): Promise<void> {
    for (const { timestamp } of messages) this.aborted.add((timestamp as number) - EPOCH);
    await transaction.abort();
  }

  async #send(to: Pick<Producer, 'send'>, records: readonly NewRecord[]): Promise<void> {
    const messages = records.map((record) => ({ ...record, timestamp: `${record.timestamp ?? timeOf(0)}` }));
    await to.send({ topic: this.#topic, messages, compression: (this.#chunk % CODECS) as CompressionTypes });
  }
}
