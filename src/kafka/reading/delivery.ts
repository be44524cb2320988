import type { SchedulerLike } from 'rxjs';
import { Deque } from '../../deque.ts';
import { type Data, data, type Flush, flush } from '../../frame.ts';
import { Position } from '../../log/position.ts';
import type { Gap } from '../../marks.ts';
import type { KafkaMark, KafkaRecord } from '../../protocol/kafka.ts';
import type { RecordBatch } from '../../protocol/kafka-batch.ts';
import type { Matcher } from '../../protocol/kafka-filters.ts';
import { type RecordRun, runOf } from '../../records/record-run.ts';
import { MOST_RECORDS, type Run } from '../../run.ts';

export interface DeliveryOptions {
  readonly topic: string;
  readonly partition: number;
  readonly matcher: Matcher | undefined;
  /** Whether nothing is sent that stands at the partition's end or behind it. */
  readonly isBounded: boolean;
  /** The most bytes that the records of a batch may inflate to, if those are not less than four times its own. */
  readonly maxInflated: number;
  readonly scheduler: SchedulerLike;
  /** Called when there is something to poll though nothing was put in. */
  readonly wake: () => void;
}

/** What leaves: the records of a partition, and the marks at their place among them. */
export type Delivered = Data<Run<KafkaRecord> | RecordBatch> | Flush<KafkaMark>;

interface Waiting {
  readonly kind: 'batch';
  readonly batch: RecordBatch;
  readonly aborted: boolean;
}

/**
 * What is next: a batch whose records are sent, offsets at which nothing is, a gap, where the end is of what follows, or
 * what ends the stream.
 */
type Item =
  | Waiting
  | { readonly kind: 'end'; readonly end: bigint | undefined }
  | { readonly kind: 'pass'; readonly to: bigint; readonly count: number }
  | { readonly kind: 'gap'; readonly to: bigint; readonly gap: Gap }
  | { readonly kind: 'fault'; readonly thrown: unknown };

/**
 * What was fetched of a partition and is still to be sent, in order. A batch is inflated when its turn comes, one at a
 * time, so that what waits stays as small as it came.
 */
export class Delivery {
  readonly position: Position;
  readonly #options: DeliveryOptions;
  readonly #items = new Deque<Item>();
  readonly #marks = new Deque<Flush<KafkaMark>>();
  #matcher: Matcher | undefined;
  /** The batch whose turn it is, and those of its records that are still to be looked at. */
  #current: Waiting | undefined;
  #rest: RecordRun | undefined;
  /** Those that come next, and are chosen. */
  #run: Run<KafkaRecord> | undefined;
  #bytes = 0;
  #end: bigint | undefined;
  #isLevel = false;

  constructor(options: DeliveryOptions) {
    const { partition, scheduler, wake, matcher } = options;
    this.#options = options;
    this.#matcher = matcher;
    const tell = (mark: KafkaMark): void => {
      this.#marks.push(flush(mark));
      wake();
    };
    this.position = new Position(partition, tell, scheduler);
  }

  /** The bytes of the batches that wait, as they came. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the end was reached, and that was said. */
  get isLevel(): boolean {
    return this.#isLevel && this.#marks.length === 0;
  }

  /** Whether there is nothing to poll. */
  get empty(): boolean {
    return this.#marks.length === 0 && this.#current === undefined && this.#items.length === 0;
  }

  /** Whether what is polled next costs nothing. */
  get free(): boolean {
    return this.#marks.length > 0 || this.#current === undefined;
  }

  /** Learns where the end is of what is put in from now on, or that it is to be learnt anew. */
  set end(end: bigint | undefined) {
    this.#push({ kind: 'end', end });
  }

  /** Takes a batch in; its records below the position are left out. */
  batch(batch: RecordBatch, aborted: boolean): void {
    this.#bytes += batch.bytes.byteLength;
    this.#push({ kind: 'batch', batch, aborted });
  }

  /** Takes note that nothing is to be sent before offset `to`, though there are `count` records. */
  pass(to: bigint, count = 0): void {
    this.#push({ kind: 'pass', to, count });
  }

  /** Tells of a gap, and goes on at offset `to`. */
  gap(gap: Gap, to: bigint): void {
    this.#push({ kind: 'gap', gap, to });
  }

  /** Where the partition stands is no news to who reads records. */
  stand(): void {}

  /** Lets `poll` throw, once all before it is sent. */
  fail(thrown: unknown): void {
    this.#push({ kind: 'fault', thrown });
  }

  /** Filters all that is not sent yet by other conditions. */
  refilter(matcher: Matcher | undefined): void {
    this.#matcher = matcher;
    this.#rest = undefined;
    this.#run = undefined;
  }

  /**
   * What is sent next; `undefined` if that is a batch to `open` first, or there is nothing to send on this balance.
   *
   * @throws what `fail` was given
   */
  poll(balance: number): Delivered | undefined {
    if (this.#marks.length > 0) return this.#marks.shift();
    if (this.#current === undefined) {
      const { first } = this.#items;
      if (first?.kind === 'fault') throw first.thrown;
    } else if (this.#run !== undefined && balance > 0) return this.#send(this.#run, this.#current, balance);
    return undefined;
  }

  /**
   * Inflates the batch whose turn it is, or looks at more of its records, to find what of them is to be sent.
   *
   * @throws KafkaError where it cannot be read
   */
  open(): void {
    if (this.#current === undefined || this.#run !== undefined) return;
    const rest = this.#rest ?? this.#inflate(this.#current);
    const some = rest?.slice(0, Math.min(rest.length, MOST_RECORDS));
    this.#rest = rest !== undefined && rest.length > MOST_RECORDS ? rest.slice(MOST_RECORDS, rest.length) : undefined;
    this.#run = some && this.#chosen(some);
    if (this.#run === undefined && this.#rest === undefined) this.#done(this.#current);
  }

  #send(run: Run<KafkaRecord>, current: Waiting, balance: number): Delivered {
    let count = 0;
    let reserved = 0;
    for (; count < run.length && reserved < balance; count += 1) reserved += run.cost(count);
    this.position.sent(run.at(count - 1).offset + 1n);
    this.#run = count < run.length ? run.slice(count, run.length) : undefined;
    if (this.#run === undefined && this.#rest === undefined) this.#done(current);
    return data(count < run.length ? run.slice(0, count) : run, reserved);
  }

  #push(item: Item): void {
    this.#items.push(item);
    this.#settle();
  }

  #done({ batch }: Waiting): void {
    this.#current = undefined;
    this.#bytes -= batch.bytes.byteLength;
    this.position.reach(batch.lastOffset + 1n);
    this.#settle();
  }

  /** Goes through what costs nothing, up to the next batch. */
  #settle(): void {
    while (this.#current === undefined) {
      this.#level();
      const { first } = this.#items;
      if (first === undefined || first.kind === 'fault') return;
      this.#items.shift();
      if (first.kind === 'batch') this.#current = first;
      else if (first.kind === 'end') this.#end = first.end;
      else this.#skip(first);
    }
  }

  #skip(item: Extract<Item, { to: bigint }>): void {
    if (item.kind === 'gap') {
      this.#marks.push(flush(item.gap));
      this.position.start(item.to);
    } else {
      this.position.pass(item.count);
      this.position.reach(item.to);
    }
  }

  #inflate({ batch, aborted }: Waiting): RecordRun | undefined {
    const { topic, partition, maxInflated, isBounded } = this.#options;
    const { offset } = this.position;
    return runOf(batch, {
      partition,
      aborted,
      cap: Math.max(maxInflated, batch.bytes.byteLength * 4),
      place: `${topic}/${partition}`,
      ...(offset !== undefined && { from: offset }),
      ...(isBounded && this.#end !== undefined && { to: this.#end }),
    });
  }

  #chosen(run: RecordRun): Run<KafkaRecord> | undefined {
    const matcher = this.#matcher;
    if (matcher === undefined) return run;
    const indices: number[] = [];
    for (let index = 0; index < run.length; index += 1) if (matcher(run.at(index))) indices.push(index);
    this.position.pass(run.length - indices.length);
    if (indices.length === run.length) return run;
    return indices.length === 0 ? undefined : run.pick(indices);
  }

  /** Says, once, that the end is reached, behind how far that is. */
  #level(): void {
    const { offset } = this.position;
    if (this.#isLevel || this.#end === undefined || offset === undefined || offset < this.#end) return;
    this.#isLevel = true;
    this.position.tell();
    this.#marks.push(flush({ mark: 'caught-up' }));
  }
}
