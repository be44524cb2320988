import type { SchedulerLike, Subscriber, Subscription } from 'rxjs';
import { listen } from '../../listen.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { Cluster } from '../cluster.ts';
import { kafkaFault, NONE } from '../kafka-errors.ts';
import type { FetchAnswer, FetchedPartition } from '../requests/fetch.ts';
import { Asked, type Fetched } from './fetch-request.ts';

export interface FetchOptions {
  /** How long a broker may wait until there is something, in milliseconds, an integer >= 0; 500 by default. */
  readonly maxWait?: number;
  /** The most bytes of records in a response, an integer >= 1; 8 MB by default. One batch may be larger. */
  readonly maxBytes?: number;
}

/** How many requests may wait at a broker at a time; each has a connection to itself. */
const MOST_PARKED = 2;

/**
 * Fetches for all readers of the partitions that one broker leads. A request asks for every partition that is wanted
 * and not under way. While the broker keeps one back, those that come to want something are asked for in another;
 * while it keeps two back, they are asked for without waiting, and those for which there was nothing wait for their
 * turn, or until it is seen that there is something.
 */
export class Fetcher {
  readonly #cluster: Cluster;
  readonly #broker: number;
  readonly #maxWait: number;
  readonly #maxBytes: number;
  readonly #scheduler: SchedulerLike;
  readonly #life: Subscriber<never>;
  /** In the order in which they are asked for. */
  readonly #readers = new Set<Fetched>();
  /** In which request each is asked for. */
  readonly #underWay = new Map<Fetched, Asked>();
  /** Those that were asked for without waiting, and for which there was nothing. */
  readonly #patient = new Set<Fetched>();
  /** The ends of partitions, as they were seen last. */
  readonly #ends = new Map<string, string>();
  #parked = 0;
  #sending: Subscription | undefined;

  constructor(
    cluster: Cluster,
    broker: number,
    {
      maxWait,
      maxBytes,
      scheduler,
      life,
    }: Required<FetchOptions> & { scheduler: SchedulerLike; life: Subscriber<never> },
  ) {
    this.#cluster = cluster;
    this.#broker = broker;
    this.#maxWait = maxWait;
    this.#maxBytes = maxBytes;
    this.#scheduler = scheduler;
    this.#life = life;
  }

  add(reader: Fetched): void {
    this.#readers.add(reader);
    this.wake();
  }

  /** An answer that is under way for it is not received, though it be added again. */
  remove(reader: Fetched): void {
    this.#readers.delete(reader);
    this.#patient.delete(reader);
    this.#underWay.delete(reader);
  }

  /** Asks soon for what is wanted; readers that come to want something at the same time go into one request. */
  wake(): void {
    this.#sending ??= this.#scheduler.schedule(() => {
      this.#sending = undefined;
      this.#send();
    });
  }

  #send(): void {
    const requests: Asked[] = [];
    for (const reader of this.#readers) {
      if (this.#underWay.has(reader) || (this.#patient.has(reader) && this.#parked >= MOST_PARKED)) continue;
      const want = reader.want();
      if (want === undefined) continue;
      let asked = requests.find((one) => one.takes(reader));
      if (asked === undefined) {
        asked = new Asked(reader);
        requests.push(asked);
      }
      asked.add(reader, want);
      this.#underWay.set(reader, asked);
    }
    for (const asked of requests) this.#request(asked);
  }

  #request(asked: Asked): void {
    const isPrompt = asked.isUrgent || this.#parked >= MOST_PARKED;
    const maxWaitMs = isPrompt ? 0 : this.#maxWait;
    const over = (): readonly Fetched[] => {
      if (!isPrompt) this.#parked -= 1;
      const readers = asked.readers.filter((reader) => this.#underWay.get(reader) === asked);
      for (const reader of readers) this.#underWay.delete(reader);
      return readers;
    };
    if (!isPrompt) this.#parked += 1;
    const answers = this.#cluster.request(this.#broker, ...asked.request(maxWaitMs, this.#maxBytes));
    listen(answers, this.#life, {
      next: (answer) => {
        this.#received(asked, over(), answer, isPrompt && !asked.isUrgent);
        this.wake();
      },
      error: (thrown) => {
        for (const reader of over()) if (this.#readers.has(reader)) reader.fail(thrown);
        this.wake();
      },
      complete() {},
    });
  }

  #received(asked: Asked, readers: readonly Fetched[], answer: FetchAnswer, wasPrompt: boolean): void {
    const found = new Map<Fetched, FetchedPartition>();
    for (const { topic, partitions } of answer.topics) {
      for (const partition of partitions) {
        const reader = asked.readerOf(topic, partition.partition);
        if (reader === undefined) continue;
        // Which of the two would be meant cannot be known.
        if (found.has(reader)) return this.#refuse(readers, twice);
        found.set(reader, partition);
      }
    }
    const isEmpty = [...found.values()].every(({ error, records }) => error === NONE && records.length === 0);
    for (const reader of readers) {
      // One of them may take others with it: those of its stream.
      if (!this.#readers.has(reader)) continue;
      const partition = found.get(reader);
      if (answer.error !== NONE || partition === undefined) {
        this.#refuse([reader], answer.error === NONE ? leftOut : kafkaFault(answer.error));
        continue;
      }
      this.#patient.delete(reader);
      if (partition.records.length > 0) {
        // Behind the others, since a broker fills a response in the order in which it is asked.
        this.#readers.delete(reader);
        this.#readers.add(reader);
      } else if (wasPrompt) this.#patient.add(reader);
      this.#rouse(reader, partition);
      reader.receive(partition, isEmpty);
    }
  }

  #refuse(readers: readonly Fetched[], fault: KafkaError): void {
    for (const reader of readers) {
      if (!this.#readers.has(reader)) continue;
      reader.fail(fault.at(`broker ${this.#broker}, Fetch of ${reader.topic}/${reader.partition}`));
    }
  }

  /** Lets those wait no longer for whose partition there is something new. */
  #rouse({ topicId, partition }: Fetched, { highWatermark, lastStableOffset }: FetchedPartition): void {
    const key = `${topicId}/${partition}`;
    const ends = `${highWatermark}/${lastStableOffset}`;
    if (this.#ends.get(key) === ends) return;
    this.#ends.set(key, ends);
    for (const other of this.#patient) {
      if (other.partition === partition && other.topicId === topicId) this.#patient.delete(other);
    }
  }
}

const twice = new KafkaError('KAFKA_RESPONSE', 'the answer has a partition twice');
const leftOut = new KafkaError('KAFKA_RESPONSE', 'the answer leaves the partition out');
