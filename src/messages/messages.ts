import { Observable, type SchedulerLike } from 'rxjs';
import { oneOf } from '../errors.ts';
import { Loop } from '../loop.ts';
import type { Isolation, Kafka, KafkaBegin, KafkaReplyBegin } from '../protocol/kafka.ts';
import type { Binding } from '../protocol.ts';
import { eventLoop } from '../scheduler.ts';
import { type Decoded, type Decoding, type DecodingFunction, decoderOf } from './decoding.ts';
import { filtersOf, type MessageFilters } from './filters.ts';
import { type MessagesFrom, type Start, startOf } from './from.ts';
import { Intake } from './intake.ts';
import type { Message } from './message.ts';
import { MessageIterator } from './message-iterator.ts';
import type { MessageMark } from './message-mark.ts';

export interface MessagesOptions<
  K extends Decoding = Decoding,
  V extends Decoding = Decoding,
  M extends boolean = boolean,
> {
  readonly topic: string;
  /** The one partition to read; all by default, in order within each. */
  readonly partition?: number;
  /** Where to begin, which may be the `progress` of a message that was read before. */
  readonly from: MessagesFrom;
  /** Ends once level with the topic as it is when the stream opens; without it, messages go on as they come. */
  readonly until?: 'latest';
  /** What a message must have; everything by default. */
  readonly filters?: MessageFilters;
  /** `read_committed` by default. */
  readonly isolation?: Isolation;
  /** What keys are read as, `bytes` by default. */
  readonly key?: K | DecodingFunction;
  /** What values are read as, `bytes` by default. */
  readonly value?: V | DecodingFunction;
  /** Whether marks stand between messages; without them, a gap is an error. */
  readonly marks?: M;
  /** Whether `bytes` and headers are views, which keep the whole batch around them in memory for as long as they are kept. */
  readonly views?: boolean;
  /**
   * How much may come before it is taken, in bytes, an integer >= 1. By default a loop is sent a message as it asks for
   * it, and a subscription has 256 KiB under way.
   */
  readonly readAhead?: number;
  /** Called when the stream has begun, with where it did. */
  readonly onBegin?: (begin: KafkaReplyBegin) => void;
  readonly scheduler?: SchedulerLike;
}

/** What comes of a topic read with these options. */
export type MessagesItem<K extends Decoding, V extends Decoding, M extends boolean> =
  | Message<Decoded<K>, Decoded<V>>
  | (M extends true ? MessageMark : never);

const SUBSCRIBED = 256 * 1024;

/**
 * The messages of a topic: as an Observable, which pushes as fast as it can, and for `for await`, where the loop is the
 * backpressure: a message is sent when the loop asks for it, so that a slow loop over a compacted topic gets the newest of
 * each key. Each subscription and each loop is a stream of its own.
 */
export class Messages<T> extends Observable<T> implements AsyncIterable<T> {
  readonly #iterate: () => AsyncIterableIterator<T, undefined>;

  constructor(
    subscribe: ConstructorParameters<typeof Observable<T>>[0],
    iterate: () => AsyncIterableIterator<T, undefined>,
  ) {
    super(subscribe);
    this.#iterate = iterate;
  }

  /** Leaving the loop leaves the stream. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return this.#iterate();
  }
}

/**
 * Reads a topic through a binding that answers kafka streams, `merged` or, of one partition, `fetch`.
 *
 * It fails with the fault of the stream; with MESSAGE_GAP where messages are gone that were to come, unless `marks` are
 * taken; with MESSAGE_DECODE where a key or value cannot be read. What came before is delivered before.
 *
 * @example
 * for await (const { key, value } of messages(binding, { topic: 'orders', from: 'earliest', value: 'json' })) await handle(value);
 *
 * @throws SluiceError OPTION_INVALID
 */
export function messages<
  const K extends Decoding = 'bytes',
  const V extends Decoding = 'bytes',
  const M extends boolean = false,
>(binding: Binding<Kafka>, options: MessagesOptions<K, V, M>): Messages<MessagesItem<K, V, M>> {
  type Item = MessagesItem<K, V, M>;
  const { topic, key = 'bytes', value = 'bytes', views = false, marks = false, onBegin } = options;
  const { readAhead, scheduler = eventLoop } = options;
  const reading = { topic, views, key: decoderOf('key', key, views), value: decoderOf('value', value, views) };
  const common = {
    binding,
    beginOf: opening(options),
    start: startOf(options.from),
    reading,
    marks,
    onBegin,
    scheduler,
  };
  const intake = (window: number, awaited: () => number, changed: () => void): Intake =>
    new Intake({ ...common, window: readAhead ?? window, awaited, changed });

  return new Messages<Item>(
    (out) => {
      const source = intake(
        SUBSCRIBED,
        () => Number.POSITIVE_INFINITY,
        () => loop.wake(),
      );
      const loop = new Loop(
        () => {
          const item = source.take();
          if (item !== undefined) out.next(item as Item);
          else if (source.over === undefined) return false;
          else if ('error' in source.over) out.error(source.over.error);
          else out.complete();
          return !out.closed;
        },
        (thrown) => out.error(thrown),
        scheduler,
      );
      out.add(() => loop.stop());
      source.open(out);
    },
    () => new MessageIterator<Item>((awaited, changed) => intake(1, awaited, changed), scheduler),
  );
}

function opening(options: MessagesOptions): (start: Start) => KafkaBegin {
  const { topic, partition, filters } = options;
  const until = oneOf('until', options.until, ['latest']);
  const isolation = oneOf('isolation', options.isolation, ['read_committed', 'read_uncommitted']);
  const accepted = filters === undefined ? [] : filtersOf(filters);
  const reading = {
    topic,
    ...(until !== undefined && { until }),
    ...(accepted.length > 0 && { filters: accepted }),
    ...(isolation !== undefined && { isolation }),
  };
  if (partition !== undefined) {
    return (start) => ({ api: 'fetch', partition, from: start.partitions.get(partition) ?? start.default, ...reading });
  }
  return ({ default: others, partitions }) => ({
    api: 'merged',
    capabilities: 'fetch',
    from: { default: others, ...(partitions.size > 0 && { partitions }) },
    ...reading,
  });
}
