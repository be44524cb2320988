import { Deque } from '../deque.ts';
import { SluiceError } from '../errors.ts';
import { type Data, end, type Flush, type Following, flush } from '../frame.ts';
import type { Filter, Kafka, KafkaMark } from './kafka.ts';
import type { Answering, Stream } from './kafka-stream.ts';

type Reply = Kafka['reply'];

/** What reads the partitions of a stream. */
export interface PartitionReaders {
  /** Whether the one caught-up mark was sent. */
  readonly isLevel: boolean;
  /** What is sent next; a fault that it throws aborts the stream. */
  poll(balance: number): Data<Reply['data']> | Flush<Reply['flush']> | undefined;
  /** Looks for more to poll, where that takes a step of its own; answers whether it did. */
  look(): boolean;
}

/** Answers a stream that reads: its records, and the changes of its filters, each told before what they change. */
export class ReadingAnswer implements Answering {
  readonly #readers: PartitionReaders;
  readonly #refilter: (filters: readonly Filter[]) => void;
  readonly #isBounded: boolean;
  readonly #stream: Stream;
  readonly #changes = new Deque<Flush<KafkaMark>>();

  /** @param refilter filters all that is not sent yet by others, and sends nothing */
  constructor(
    readers: PartitionReaders,
    refilter: (filters: readonly Filter[]) => void,
    isBounded: boolean,
    stream: Stream,
  ) {
    this.#readers = readers;
    this.#refilter = refilter;
    this.#isBounded = isBounded;
    this.#stream = stream;
  }

  get isLevel(): boolean {
    return this.#readers.isLevel;
  }

  pull(balance: number): Following<Reply> | undefined {
    const next = this.#changes.shift() ?? this.#readers.poll(balance);
    return next ?? (this.#isBounded && this.isLevel ? end() : undefined);
  }

  idle(): boolean {
    return this.#readers.look();
  }

  receive(frame: Exclude<Following<Kafka['initial']>, { kind: 'abort' }>): void {
    if (frame.kind === 'flush') {
      this.#refilter(frame.ext.filters);
      this.#changes.push(flush(frame.ext));
      this.#stream.wake();
    } else if (frame.kind === 'data')
      this.#stream.life.error(new SluiceError('LAW_OVERDRAWN', 'DATA on a lane that only reads'));
    else if (!this.#isBounded) this.#stream.close();
  }
}
