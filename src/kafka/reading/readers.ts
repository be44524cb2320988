import { Deque } from '../../deque.ts';
import { Rotation, type Seat } from '../../flow/rotation.ts';
import type { Data, Flush } from '../../frame.ts';
import type { Kafka, PartitionOffsets } from '../../protocol/kafka.ts';
import type { Matcher } from '../../protocol/kafka-filters.ts';
import type { Topic } from '../topic.ts';
import { Reader } from './reader.ts';
import type { Begins, Reading } from './reading.ts';

type Reply = Kafka['reply'];

/** The most bytes that wait of all partitions together, but for one batch of each, and of one of them. */
const ALL_AHEAD = 8 * 1024 * 1024;
const MOST_AHEAD = 1024 * 1024;
const LEAST_AHEAD = 64 * 1024;

/** The readers of a stream, whose partitions take turns at the one balance of its receiver. */
export class Readers {
  readonly #reading: Reading;
  readonly #rotation = new Rotation<Reply>();
  readonly #readers = new Map<number, Reader>();
  readonly #seats = new Map<Reader, Seat<Reply>>();
  /** Those whose next batch is still to be inflated. */
  readonly #closed = new Deque<Reader>();
  #matcher: Matcher | undefined;
  #hadCredit = false;
  #isLevel = false;

  /** @param changed called when there may be more to poll, or one has begun */
  constructor(reading: Omit<Reading, 'changed' | 'ahead'>, matcher: Matcher | undefined, changed: () => void) {
    const readers = this.#readers;
    this.#matcher = matcher;
    this.#reading = {
      ...reading,
      get ahead() {
        return Math.min(MOST_AHEAD, Math.max(LEAST_AHEAD, Math.floor(ALL_AHEAD / readers.size)));
      },
      changed: (reader) => {
        this.#ready(reader);
        changed();
      },
    };
  }

  /** Whether every partition that has a leader, of which there must be one, has begun. */
  get haveBegun(): boolean {
    const led = [...this.#readers.values()].filter(({ isLed }) => isLed);
    return led.length > 0 && led.every(({ offsets }) => offsets !== undefined);
  }

  /** Where each began that has, by partition. */
  get offsets(): PartitionOffsets[] {
    return [...this.#readers.values()].flatMap(({ offsets }) => offsets ?? []);
  }

  /** Whether the one caught-up mark was sent: all that were there at `gathered` have reached their ends. */
  get isLevel(): boolean {
    return this.#isLevel;
  }

  /**
   * Reads these partitions of a topic as it is now, and no others; one that was not there before from where `begins` says.
   */
  follow(topic: Topic, partitions: readonly number[], begins: (partition: number) => Begins): void {
    for (const [partition, reader] of this.#readers) if (!partitions.includes(partition)) this.#leave(reader);
    for (const partition of partitions) {
      const reader = this.#readers.get(partition) ?? this.#join(partition, begins(partition));
      reader.follow(topic);
    }
  }

  /** All the partitions there are at first are known: when they are level, the stream is. */
  gathered(): void {
    this.#rotation.gathered();
  }

  /** Filters all that is not sent yet by other conditions. */
  refilter(matcher: Matcher | undefined): void {
    this.#matcher = matcher;
    for (const [reader] of this.#seats) {
      reader.delivery.refilter(matcher);
      this.#ready(reader);
    }
  }

  /** @throws KafkaError what will not heal, in its place among the records of its partition */
  poll(balance: number): Data<Reply['data']> | Flush<Reply['flush']> | undefined {
    const hasCredit = balance > 0;
    if (hasCredit && !this.#hadCredit) for (const [reader] of this.#seats) reader.wake();
    this.#hadCredit = hasCredit;
    const sent = this.#rotation.poll(balance);
    if (sent?.kind === 'flush' && 'mark' in sent.ext && sent.ext.mark === 'caught-up') this.#isLevel = true;
    return sent;
  }

  /** Inflates one batch, so that there may be more to poll; answers whether there was one. */
  look(): boolean {
    const reader = this.#closed.shift();
    if (reader === undefined) return false;
    reader.delivery.open();
    reader.wake();
    this.#ready(reader);
    return true;
  }

  #join(partition: number, begins: Begins): Reader {
    const reader = new Reader(this.#reading, partition, begins, this.#matcher);
    const { delivery } = reader;
    this.#readers.set(partition, reader);
    const seat = this.#rotation.join({
      get empty() {
        return delivery.empty;
      },
      get free() {
        return delivery.free;
      },
      poll: (balance) => {
        const sent = delivery.poll(balance);
        if (sent !== undefined) reader.wake();
        else if (!delivery.empty) this.#closed.push(reader);
        return sent;
      },
    });
    this.#seats.set(reader, seat);
    return reader;
  }

  /** What waits of it is still sent. */
  #leave(reader: Reader): void {
    this.#readers.delete(reader.partition);
    reader.close();
    const seat = this.#seats.get(reader);
    if (seat !== undefined) this.#rotation.leave(seat);
  }

  #ready(reader: Reader): void {
    const seat = this.#seats.get(reader);
    if (seat !== undefined && !reader.delivery.empty) this.#rotation.ready(seat);
  }
}
