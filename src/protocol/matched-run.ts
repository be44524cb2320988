import type { Parts } from '../payload.ts';
import { cutRun, type Run } from '../run.ts';
import type { Header, KafkaRecord } from './kafka.ts';

/** Answers which filters accept a record, the first by the lowest bit. */
type Mask = (record: KafkaRecord) => bigint;

/** Records that each know which filters accept it, which is found out when it is asked for. */
export class MatchedRun implements Run<KafkaRecord> {
  readonly #run: Run<KafkaRecord>;
  readonly #mask: Mask;

  constructor(run: Run<KafkaRecord>, mask: Mask) {
    this.#run = run;
    this.#mask = mask;
  }

  get length(): number {
    return this.#run.length;
  }

  at(index: number): KafkaRecord {
    return new MatchedRecord(this.#run.at(index), this.#mask);
  }

  cost(index: number): number {
    return this.#run.cost(index);
  }

  slice(start: number, end: number): Run<KafkaRecord> {
    return new MatchedRun(this.#run.slice(start, end), this.#mask);
  }

  pick(indices: readonly number[]): Run<KafkaRecord> {
    return new MatchedRun(this.#run.pick(indices), this.#mask);
  }

  cut(balance: number, reserved: number): Parts<Run<KafkaRecord>> | undefined {
    return cutRun(this, balance, reserved);
  }

  detach(): Run<KafkaRecord> {
    const run = this.#run.detach();
    return run === this.#run ? this : new MatchedRun(run, this.#mask);
  }
}

class MatchedRecord implements KafkaRecord {
  readonly #record: KafkaRecord;
  readonly #mask: Mask;

  constructor(record: KafkaRecord, mask: Mask) {
    this.#record = record;
    this.#mask = mask;
  }

  get partition(): number {
    return this.#record.partition;
  }

  get offset(): bigint {
    return this.#record.offset;
  }

  get timestamp(): bigint {
    return this.#record.timestamp;
  }

  get key(): Uint8Array | null {
    return this.#record.key;
  }

  get value(): Uint8Array | null {
    return this.#record.value;
  }

  get headers(): readonly Header[] {
    return this.#record.headers;
  }

  get aborted(): boolean {
    return this.#record.aborted;
  }

  get filters(): bigint {
    return this.#mask(this.#record);
  }
}
