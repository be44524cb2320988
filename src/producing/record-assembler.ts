import type { Fragment, ProducedRecord } from '../protocol/kafka.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { BuiltRecord } from '../records/batch-builder.ts';
import { sizeWithoutValue } from './record-size.ts';

/** A whole record, with what it said of itself. */
export interface Assembled {
  readonly opens: ProducedRecord;
  readonly record: BuiltRecord;
}

/** Puts the records of a lane together from their fragments. */
export class RecordAssembler {
  /** The most bytes of a record. */
  maxRecord: number;
  readonly #now: () => number;
  #opens: ProducedRecord | undefined;
  #body: Uint8Array[] = [];
  #size = 0;
  #isSwallowing = false;

  /** @param now the time of records that have none */
  constructor(maxRecord: number, now: () => number) {
    this.maxRecord = maxRecord;
    this.#now = now;
  }

  /** Whether the last fragment of a record is yet to come. */
  get isOpen(): boolean {
    return this.#opens !== undefined;
  }

  /** What came of the record, in bytes; at least. */
  get size(): number {
    return this.#size;
  }

  /**
   * Takes the next fragment. Answers the record that it completes, or that the record is still `open`, that it is
   * `too-large` now, or that this is `swallowed` as the rest of one that was.
   *
   * @throws KafkaError KAFKA_FRAGMENT
   */
  take({ opens, body, last }: Fragment): Assembled | 'open' | 'too-large' | 'swallowed' {
    if (this.#opens !== undefined && opens !== undefined)
      throw fragment('one in the middle of a record says what it is');
    const what = this.#opens ?? opens;
    if (what === undefined) throw fragment('the first of a record does not say what it is');
    if (opens !== undefined) this.#size = sizeWithoutValue(opens) + (opens.body?.length ?? 0);
    this.#opens = what;
    this.#size += body.byteLength;
    if (body.byteLength > 0) this.#body.push(body);
    if (this.#size > this.maxRecord) return this.#swallow(last);
    if (!last) return 'open';
    const { key, headers, since = this.#now(), timestamp = BigInt(since) } = what;
    const value = what.tombstone === true ? null : (what.body ?? joined(this.#body));
    this.drop();
    return { opens: what, record: { key, value, headers, timestamp } };
  }

  /** Forgets the record that is open. */
  drop(): void {
    this.#opens = undefined;
    this.#body = [];
    this.#isSwallowing = false;
  }

  #swallow(last: boolean): 'too-large' | 'swallowed' {
    const part = this.#isSwallowing ? 'swallowed' : 'too-large';
    this.#isSwallowing = true;
    this.#body = [];
    if (last) this.drop();
    return part;
  }
}

const joined = (pieces: readonly Uint8Array[]): Uint8Array =>
  pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);

/** What a lane fails with whose frames do not fit together. */
export const fragment = (why: string): KafkaError => new KafkaError('KAFKA_FRAGMENT', why);
