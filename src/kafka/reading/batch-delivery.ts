import { Deque } from '../../deque.ts';
import { data, type Flush, flush } from '../../frame.ts';
import { Position } from '../../log/position.ts';
import type { Gap } from '../../marks.ts';
import type { KafkaMark } from '../../protocol/kafka.ts';
import type { RecordBatch } from '../../protocol/kafka-batch.ts';
import type { FetchedPartition } from '../requests/fetch.ts';
import type { Delivered, DeliveryOptions } from './delivery.ts';

/** How old what is known of where a partition stands may become before it is told again, in milliseconds. */
const NEWS_AGE = 5_000;

type Item = Delivered | { readonly kind: 'fault'; readonly thrown: unknown };

/**
 * What was fetched of a partition as whole batches, and is sent as it came: control batches and those of aborted
 * transactions, too. Behind the batches of an answer it is told where the partition stands, if that is news.
 */
export class BatchDelivery {
  readonly position: Position;
  readonly #partition: number;
  readonly #wake: () => void;
  readonly #now: () => number;
  readonly #items = new Deque<Item>();
  #bytes = 0;
  #end: bigint | undefined;
  #isTold = false;
  #news: { readonly told: string; readonly at: number } | undefined;

  constructor({ partition, scheduler, wake }: DeliveryOptions) {
    this.#partition = partition;
    this.#wake = wake;
    this.#now = () => scheduler.now();
    this.position = new Position(partition, (mark) => this.#mark(mark), scheduler);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isLevel(): boolean {
    return this.#isTold && this.empty;
  }

  get empty(): boolean {
    return this.#items.length === 0;
  }

  get free(): boolean {
    return this.#items.first?.kind === 'flush';
  }

  set end(end: bigint | undefined) {
    this.#end = end;
    this.#level();
  }

  batch(batch: RecordBatch): void {
    const { byteLength } = batch.bytes;
    this.#bytes += byteLength;
    this.#items.push(data(batch, byteLength));
    this.position.sent(batch.lastOffset + 1n);
  }

  pass(to: bigint): void {
    this.position.reach(to);
    this.position.tell();
    this.#level();
  }

  gap(gap: Gap, to: bigint): void {
    this.#mark(gap);
    this.position.start(to);
    this.#level();
  }

  fail(thrown: unknown): void {
    this.#items.push({ kind: 'fault', thrown });
  }

  /** Tells where the partition stands: when that changed, and once in a while that it did not; then, that all has come. */
  stand({ logStartOffset: logStart, highWatermark, lastStableOffset }: FetchedPartition): void {
    const told = `${logStart} ${highWatermark} ${lastStableOffset}`;
    const at = this.#now();
    if (this.#news?.told !== told || at - this.#news.at >= NEWS_AGE) {
      this.#news = { told, at };
      this.#mark({ mark: 'watermark', partition: this.#partition, logStart, highWatermark, lastStableOffset });
    }
    this.#level();
  }

  refilter(): void {}

  open(): void {}

  poll(balance: number): Delivered | undefined {
    const { first } = this.#items;
    if (first?.kind === 'fault') throw first.thrown;
    if (first === undefined || (first.kind === 'data' && balance <= 0)) return undefined;
    this.#items.shift();
    if (first.kind === 'data') this.#bytes -= first.reserved;
    return first;
  }

  #mark(mark: KafkaMark): void {
    const frame: Flush<KafkaMark> = flush(mark);
    this.#items.push(frame);
    this.#wake();
  }

  #level(): void {
    const { offset } = this.position;
    if (this.#isTold || this.#end === undefined || offset === undefined || offset < this.#end) return;
    this.#isTold = true;
    this.#mark({ mark: 'caught-up' });
  }
}
