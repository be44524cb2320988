import { crc32c } from '@node-rs/crc32';
import { type Observable, ReplaySubject, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { Deque } from '../../deque.ts';
import { SluiceError } from '../../errors.ts';
import { listen } from '../../listen.ts';
import type { Produced, SendOptions } from '../../producing/produced.ts';
import { sizeOf } from '../../producing/record-size.ts';
import type { Body, KafkaFault } from '../../protocol/kafka.ts';
import type { RecordBatch } from '../../protocol/kafka-batch.ts';
import { isFault, KafkaError } from '../../protocol/kafka-error.ts';
import { tooLarge } from '../../protocol/kafka-producing.ts';
import { BatchBuilder, type BuiltRecord, isBody } from '../../records/batch-builder.ts';
import { codecNamed } from '../../records/codecs/index.ts';
import * as header from '../../records/header.ts';
import { batchesOf } from '../../records/record-batch.ts';
import type { Partition } from '../partition.ts';
import { bufferOf } from '../sealed.ts';

export interface PartitionWriterOptions {
  readonly partition: Partition;
  /** The most bytes of a batch. */
  readonly maxMessageBytes: number;
  /** Whether each record must have a key. */
  readonly isCompacted: boolean;
  readonly scheduler: SchedulerLike;
  /** What it lives in; a defect is an error of it. */
  readonly life: Subscriber<never>;
}

/** A record that is not written yet. */
interface Waiting {
  record: BuiltRecord;
  readonly acks: SendOptions['acks'];
  readonly size: number;
  readonly done: (result: Produced | KafkaFault) => void;
}

/** The most bytes of a batch, but for a record that is larger; and the most records, for more would take longer than a slice. */
const BATCH_BYTES = 256 << 10;
const MOST_RECORDS = 5_000;

/** A little more than a batch takes beside its records. */
const ROOM = 128;

/**
 * Writes records to one partition of an embedded log, in the order in which they come. While a batch is written, records
 * wait, and are the next batch together: one write to the disk for all of them. A record is answered once it is there.
 */
export class PartitionWriter {
  readonly #options: PartitionWriterOptions;
  readonly #waiting = new Deque<Waiting>();
  #isBusy = false;
  #turn: Subscription | undefined;
  readonly #idle = new ReplaySubject<never>();
  #isClosed = false;

  constructor(options: PartitionWriterOptions) {
    this.#options = options;
  }

  /** Takes a record in; `done` is told once where it is, or why it is not there. */
  send(record: BuiltRecord, { acks, own }: SendOptions, done: Waiting['done']): void {
    const { partition, isCompacted } = this.#options;
    if (this.#isClosed) return done(this.#closed);
    if (own !== undefined)
      return done(new SluiceError('CONFIG_UNSUPPORTED', `${this.#place}: an embedded log knows no producer's numbers`));
    if (isCompacted && record.key === null) return done(keyless(`${partition.topic}/${partition.partition}`));
    this.#waiting.push({ record, acks, size: sizeOf(record), done });
    this.#wake();
  }

  /** Refuses what waits; completes once nothing is being written any more. */
  close(): Observable<never> {
    this.#isClosed = true;
    this.#turn?.unsubscribe();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next.done(this.#closed);
    if (!this.#isBusy) this.#idle.complete();
    return this.#idle;
  }

  get #place(): string {
    const { topic, partition } = this.#options.partition;
    return `${topic}/${partition}`;
  }

  get #closed(): KafkaFault {
    return new SluiceError('CACHE_CLOSED', `${this.#place} was closed`);
  }

  /** Writes in a turn of its own: what comes by then goes along. */
  #wake(): void {
    if (this.#isBusy || this.#waiting.length === 0) return;
    this.#turn ??= this.#options.scheduler.schedule(() => {
      this.#turn = undefined;
      this.#next();
    });
  }

  #next(): void {
    const { first } = this.#waiting;
    if (first === undefined) return;
    const { value } = first.record;
    if (isBody(value)) return this.#read(first, value);
    const taken: Waiting[] = [];
    const bytes = this.#batch(taken);
    if (bytes === undefined) return this.#wake();
    const { partition, life } = this.#options;
    this.#isBusy = true;
    const written = partition.appendNext((offset) => batchAt(bytes, offset, this.#place));
    listen(written, life, {
      next: (base) => {
        for (const [index, { record, acks, done }] of taken.entries())
          done({
            partition: partition.partition,
            offset: acks === 'none' ? -1n : base + BigInt(index),
            timestamp: record.timestamp,
          });
      },
      complete: () => this.#rest(),
      error: (thrown) => {
        if (!isFault(thrown)) throw thrown;
        for (const { done } of taken) done(thrown);
        this.#rest();
      },
    });
  }

  #rest(): void {
    this.#isBusy = false;
    if (this.#isClosed) this.#idle.complete();
    else this.#wake();
  }

  /** A batch of the records that wait, up to one that is still to be read; nothing where the first is refused. */
  #batch(taken: Waiting[]): Buffer | undefined {
    const { maxMessageBytes } = this.#options;
    const most = Math.min(BATCH_BYTES, maxMessageBytes);
    const builder = new BatchBuilder(most, this.#expected(most));
    for (let next = this.#waiting.first; next !== undefined; next = this.#waiting.first) {
      if (isBody(next.record.value) || taken.length === MOST_RECORDS || !builder.add(next.record)) break;
      this.#waiting.shift();
      if (builder.bytes > maxMessageBytes) {
        next.done(tooLarge(this.#place, builder.bytes, maxMessageBytes));
        return undefined;
      }
      taken.push(next);
    }
    return bufferOf(builder.finish(codecNamed('none')).bytes);
  }

  #expected(most: number): number {
    const { first, length } = this.#waiting;
    return Math.min(most, (first as Waiting).size * length) + ROOM;
  }

  /** Reads the value of the first record that waits. */
  #read(first: Waiting, body: Body): void {
    this.#isBusy = true;
    let value: Uint8Array | undefined;
    const over = (fault?: KafkaFault): void => {
      if (this.#waiting.first === first) {
        if (fault === undefined) first.record = { ...first.record, value: value as Uint8Array };
        else {
          this.#waiting.shift();
          first.done(fault);
        }
      }
      this.#rest();
    };
    listen(body.read(0, body.length), this.#options.life, {
      next: (bytes) => {
        value = bytes;
      },
      complete: () => {
        const isWhole = value?.length === body.length && crc32c(bufferOf(value)) === body.crc32c;
        over(isWhole ? undefined : new SluiceError('STAGE_DISK', `${this.#place}: a value is not what was staged`));
      },
      error: (thrown) => {
        if (!isFault(thrown)) throw thrown;
        over(thrown);
      },
    });
  }
}

/** A batch that was just built, at its place in a log; its checksum covers neither. */
function batchAt(bytes: Buffer, offset: bigint, place: string): RecordBatch {
  bytes.writeBigInt64BE(offset, header.BASE_OFFSET);
  bytes.writeInt32BE(0, header.LEADER_EPOCH);
  return batchesOf(bytes, place, true).next().value as RecordBatch;
}

const keyless = (place: string): KafkaError =>
  new KafkaError('KAFKA_ERROR', `${place}: a record without a key on a compacted topic`, {
    kafka: { code: 87, name: 'INVALID_RECORD' },
  });
