import { Deque } from '../deque.ts';
import { SluiceError } from '../errors.ts';
import { type Data, end, type Flush, flush } from '../frame.ts';
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
  /** Filters all that is not sent yet by others. */
  refilter(filters: readonly Filter[]): void;
}

/** Answers a stream that reads: its records, and the changes of its filters, each told before what they change. */
export function readingAnswer(
  readers: PartitionReaders,
  isBounded: boolean,
  stream: Stream,
): Answering & { readonly isLevel: boolean } {
  const changes = new Deque<Flush<KafkaMark>>();
  return {
    get isLevel() {
      return readers.isLevel;
    },
    pull(balance) {
      return changes.shift() ?? readers.poll(balance) ?? (isBounded && readers.isLevel ? end() : undefined);
    },
    idle: () => readers.look(),
    receive(frame) {
      if (frame.kind === 'flush') {
        readers.refilter(frame.ext.filters);
        changes.push(flush(frame.ext));
        stream.wake();
      } else if (frame.kind === 'data')
        stream.life.error(new SluiceError('LAW_OVERDRAWN', 'DATA on a lane that only reads'));
      else if (!isBounded) stream.close();
    },
  };
}
