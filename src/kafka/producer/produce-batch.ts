import { type Observable, tap } from 'rxjs';
import type { Deque } from '../../deque.ts';
import type { Produced, ProducerNumber } from '../../producing/produced.ts';
import type { Acks, KafkaFault } from '../../protocol/kafka.ts';
import { isFault, KafkaError } from '../../protocol/kafka-error.ts';
import { BatchBuilder, type BuiltRecord, type Inserted, isBody, renumber } from '../../records/batch-builder.ts';
import { type Codec, codecNamed } from '../../records/codecs/index.ts';
import { lengthOf, type Piece } from '../pieces.ts';
import type { ProducedPartition } from '../requests/produce.ts';

/** A record that is not answered yet. */
export interface Sending {
  readonly record: BuiltRecord;
  readonly acks: Acks;
  readonly own: ProducerNumber | undefined;
  /** When it was handed in. */
  readonly since: number;
  /** About how many bytes it takes in a batch. */
  readonly size: number;
  readonly done: (result: Produced | KafkaError) => void;
}

/** What numbers a batch: the producer's own numbering, the caller, or nothing. */
export type Numbered = 'ours' | 'own' | 'not';

export const numberedBy = ({ own, acks }: Sending): Numbered => {
  if (own !== undefined) return 'own';
  return acks === 'all' ? 'ours' : 'not';
};

/** More would take longer than a slice. */
const MOST_RECORDS = 5_000;

/** A little more than a record takes beside its own bytes, and a batch beside its records. */
const ROOM = 128;

/** A record batch and the records in it, until all are answered. Its bytes never change but for its numbers. */
export class Batch {
  readonly records: readonly Sending[];
  readonly numbered: Numbered;
  sequence = 0;
  /** Whether a request with it is under way. */
  isFlying = false;
  /** Whether it may have been written, though nothing says so. */
  isInDoubt = false;
  /** Whether its records are answered, though a request with it may be under way. */
  isOver = false;

  /** How large it is before it is compressed. */
  readonly inflated: number;
  /** Why its value cannot be read, if that is so. */
  unreadable: KafkaFault | undefined;
  readonly #bytes: Uint8Array;
  /** The value of its one record, if that is not in memory. */
  readonly #inserted: Inserted | undefined;

  private constructor(records: readonly Sending[], builder: BatchBuilder, codec: Codec) {
    this.records = records;
    this.inflated = builder.bytes;
    const { bytes, inserted } = builder.finish(isBody(this.#first.record.value) ? codecNamed('none') : codec);
    this.#bytes = bytes;
    this.#inserted = inserted;
    this.numbered = numberedBy(this.#first);
    const { own } = this.#first;
    if (own !== undefined) this.number(own);
  }

  /**
   * Of the records that wait: as many as come one after the other, have the same acks, and fit. At least one waits.
   *
   * @param expected about how many bytes all that wait take
   */
  static of(waiting: Deque<Sending>, maxBytes: number, codec: Codec, expected: number): Batch {
    const { acks, size, record } = waiting.first as Sending;
    const isApart = ({ own, record: { value } }: Sending): boolean => own !== undefined || isBody(value);
    const room = isBody(record.value) ? size - record.value.length : expected;
    const builder = new BatchBuilder(Math.max(maxBytes, size + ROOM), room + ROOM);
    const records: Sending[] = [];
    for (let next = waiting.first; next !== undefined; next = waiting.first) {
      if (records.length > 0 && (next.acks !== acks || isApart(next))) break;
      if (records.length === MOST_RECORDS || !builder.add(next.record)) break;
      records.push(next);
      waiting.shift();
      if (isApart(next)) break;
    }
    return new Batch(records, builder, codec);
  }

  get acks(): Acks {
    return this.#first.acks;
  }

  /** When the oldest of its records was handed in. */
  get since(): number {
    return this.#first.since;
  }

  get count(): number {
    return this.records.length;
  }

  /** The sum of the sizes of its records. */
  get size(): number {
    return this.records.reduce((sum, { size }) => sum + size, 0);
  }

  /** How many bytes it takes in a request. */
  get length(): number {
    return lengthOf(this.pieces);
  }

  /** What it is sent as, the same each time. */
  get pieces(): readonly Piece[] {
    const [bytes, inserted] = [this.#bytes, this.#inserted];
    if (inserted === undefined) return [bytes];
    const { at, body } = inserted;
    const read = (start: number, end: number): Observable<Uint8Array> =>
      body.read(start, end).pipe(tap({ error: (thrown) => this.#failed(thrown) }));
    const { length, crc32c } = body;
    return [bytes.subarray(0, at), { length, crc32c, read }, bytes.subarray(at)];
  }

  number({ id, epoch, sequence }: ProducerNumber): void {
    this.sequence = sequence;
    renumber(this.#bytes, { id, epoch, baseSequence: sequence }, this.#inserted);
  }

  /** Two batches of half the records each, not numbered yet. */
  halves(codec: Codec): [Batch, Batch] {
    const half = (records: readonly Sending[]): Batch => {
      const builder = new BatchBuilder(this.size + ROOM, this.size / 2 + ROOM);
      for (const { record } of records) builder.add(record);
      const batch = new Batch(records, builder, codec);
      batch.isInDoubt = this.isInDoubt;
      return batch;
    };
    const middle = this.records.length >> 1;
    return [half(this.records.slice(0, middle)), half(this.records.slice(middle))];
  }

  /** Answers its records, once. */
  written({ partition, baseOffset, logAppendTime }: Written): void {
    if (this.isOver) return;
    this.isOver = true;
    for (let index = 0; index < this.records.length; index += 1) {
      const { record, done } = this.records[index] as Sending;
      const offset = baseOffset < 0n ? -1n : baseOffset + BigInt(index);
      done({ partition, offset, timestamp: logAppendTime < 0n ? record.timestamp : logAppendTime });
    }
  }

  /** Answers its records with an error, once; where some are the culprits (KIP-467), the others are told so. */
  refused(fault: KafkaError, culprits: ProducedPartition['recordErrors'] = []): void {
    if (this.isOver) return;
    this.isOver = true;
    const said = new Map(culprits.map(({ index, message }) => [index, message]));
    const other = new KafkaError(
      'KAFKA_BATCH_REFUSED',
      `${fault.message}; it was refused with its batch, of which record ${culprits[0]?.index} is to blame`,
      { cause: fault },
    );
    for (const [index, { done }] of this.records.entries()) {
      const message = said.get(index);
      if (said.size === 0 || this.records.length === 1) done(fault);
      else if (message === undefined) done(other);
      else done(message === null ? fault : fault.but(message));
    }
  }

  #failed(thrown: unknown): void {
    if (isFault(thrown)) this.unreadable = thrown;
  }

  get #first(): Sending {
    return this.records[0] as Sending;
  }
}

/** Where a batch was written. */
export type Written = Pick<ProducedPartition, 'partition' | 'baseOffset' | 'logAppendTime'>;
