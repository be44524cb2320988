import type { SchedulerLike, Subscription } from 'rxjs';
import { type Data, data, type Flush, flush } from '../../frame.ts';
import { listen } from '../../listen.ts';
import { start } from '../../log/cursor-start.ts';
import type { Kafka, KafkaBegin, KafkaMark } from '../../protocol/kafka.ts';
import { type PartitionReaders, ReadingAnswer } from '../../protocol/kafka-reading.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import type { Partition } from '../partition.ts';
import type { Segment } from '../segment.ts';

/** How old what is known of where a partition stands may become before it is told again, in milliseconds. */
const NEWS_AGE = 5_000;

type Fetch = Extract<KafkaBegin, { api: 'fetch' }>;

/** The batches of one partition as they are, read from its log, with `watermark` marks of where that stands. */
export const batchStream = (log: Partition, begin: Fetch, stream: Stream, scheduler: SchedulerLike): Answering =>
  new ReadingAnswer(new BatchReader(log, begin, stream, scheduler), () => {}, begin.until !== undefined, stream);

class BatchReader implements PartitionReaders {
  isLevel = false;
  readonly #log: Partition;
  readonly #stream: Stream;
  readonly #scheduler: SchedulerLike;
  /** The next offset to read; nothing as long as that is not found. */
  #offset: bigint | undefined;
  /** Where it is level. */
  #end = 0n;
  #told = '';
  #age: Subscription | undefined;
  #segment: Segment | undefined;
  /** The batch of the segment that comes next. */
  #index = 0;
  #loading: Subscription | undefined;

  constructor(log: Partition, { from = 'earliest' }: Fetch, stream: Stream, scheduler: SchedulerLike) {
    this.#log = log;
    this.#stream = stream;
    this.#scheduler = scheduler;
    const { partition, topicId } = log;
    start(log, from, 'read_uncommitted', stream.life, (found) => {
      if (found === undefined) return;
      const { offset } = found;
      const { lastStableOffset, highWatermark } = log.offsets;
      this.#offset = offset;
      this.#end = highWatermark;
      stream.begin({ api: 'fetch', topicId, partition, offset, lastStableOffset, highWatermark });
      listen(log.changes, stream.life, { next: () => stream.wake(), complete() {} });
      stream.life.add(() => this.#age?.unsubscribe());
      stream.wake();
    });
  }

  poll(balance: number): Data<Kafka['reply']['data']> | Flush<Kafka['reply']['flush']> | undefined {
    for (;;) {
      const offset = this.#offset;
      if (offset === undefined) return undefined;
      const { logStart, highWatermark } = this.#log.offsets;
      if (offset < logStart) return this.#gap(offset, logStart, 'retention', logStart);
      if (offset > highWatermark) return this.#gap(highWatermark, offset, 'out-of-range', highWatermark);
      if (this.#told === '') return this.#news();
      if (!this.isLevel && offset >= this.#end) {
        this.isLevel = true;
        return flush({ mark: 'caught-up' });
      }
      if (offset === highWatermark) return this.#isNews ? this.#news() : undefined;
      if (balance <= 0) return undefined;
      const segment = this.#at(offset);
      if (segment === undefined) return undefined;
      if (segment.gap !== undefined) return this.#gap(offset, segment.to, segment.gap.reason, segment.to);
      const batch = segment.batches[this.#index];
      if (batch === undefined) return this.#pass(segment.to);
      this.#index += 1;
      if (batch.lastOffset >= offset) {
        this.#offset = batch.lastOffset + 1n;
        return data(batch, batch.bytes.byteLength);
      }
    }
  }

  look(): boolean {
    return false;
  }

  /** What is in memory at an offset; what is not is read. */
  #at(offset: bigint): Segment | undefined {
    const known = this.#segment;
    if (known !== undefined && known.from <= offset && offset < known.to) return known;
    const found = this.#log.peekWhole(offset);
    if (found !== undefined) return this.#hold(found);
    if (this.#loading !== undefined) return undefined;
    const over = (): void => {
      this.#loading = undefined;
      this.#stream.wake();
    };
    const loading = listen(this.#log.loadWhole(offset), this.#stream.life, {
      next: (segment) => this.#hold(segment),
      complete: over,
    });
    if (!loading.closed) this.#loading = loading;
    return undefined;
  }

  #hold(segment: Segment): Segment {
    this.#segment = segment;
    this.#index = 0;
    return segment;
  }

  /** Goes past what compaction took. */
  #pass(to: bigint): Flush<KafkaMark> {
    const { partition, topicId } = this.#log;
    this.#offset = to;
    return flush({ mark: 'progress', partition, topicId, offsets: new Map([[partition, to]]) });
  }

  #gap(from: bigint, to: bigint, reason: string, resume: bigint): Flush<KafkaMark> {
    this.#offset = resume;
    return flush({ mark: 'gap', partition: this.#log.partition, from, to, reason });
  }

  get #standing(): string {
    const { logStart, highWatermark, lastStableOffset } = this.#log.offsets;
    return `${logStart} ${highWatermark} ${lastStableOffset}`;
  }

  get #isNews(): boolean {
    return this.#told !== this.#standing;
  }

  /** Tells where the partition stands, and again after a while. */
  #news(): Flush<KafkaMark> {
    const { partition, offsets } = this.#log;
    const { logStart, highWatermark, lastStableOffset } = offsets;
    this.#told = this.#standing;
    this.#age?.unsubscribe();
    this.#age = this.#scheduler.schedule(() => {
      this.#told = '';
      this.#stream.wake();
    }, NEWS_AGE);
    return flush({ mark: 'watermark', partition, logStart, highWatermark, lastStableOffset });
  }
}
