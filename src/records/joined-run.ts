import type { Parts } from '../payload.ts';
import type { KafkaRecord } from '../protocol/kafka.ts';
import { cutRun, type Run } from '../run.ts';
import type { RecordRun } from './record-run.ts';

/** Where a record of a joined run is: which part, and which record of it. */
const PLACE = 2;

/** Records of several batches as one run: what small batches are read as. */
export class JoinedRun implements Run<KafkaRecord> {
  readonly #parts: readonly RecordRun[];
  /** Of each record, its place. */
  readonly #places: Int32Array;
  readonly #start: number;
  readonly length: number;

  private constructor(parts: readonly RecordRun[], places: Int32Array, start: number, end: number) {
    this.#parts = parts;
    this.#places = places;
    this.#start = start;
    this.length = end - start;
  }

  /** The records of all parts, of which there are two or more. */
  static of(parts: readonly RecordRun[]): JoinedRun {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const places = new Int32Array(length * PLACE);
    let at = 0;
    for (const [part, run] of parts.entries()) {
      for (let index = 0; index < run.length; index += 1) {
        places[at] = part;
        places[at + 1] = index;
        at += PLACE;
      }
    }
    return new JoinedRun(parts, places, 0, length);
  }

  at(index: number): KafkaRecord {
    return this.#part(index).at(this.#index(index));
  }

  keyAt(index: number): Uint8Array | null {
    return this.#part(index).keyAt(this.#index(index));
  }

  offsetAt(index: number): bigint {
    return this.#part(index).offsetAt(this.#index(index));
  }

  cost(index: number): number {
    return this.#part(index).cost(this.#index(index));
  }

  slice(start: number, end: number): JoinedRun {
    return new JoinedRun(this.#parts, this.#places, this.#start + start, this.#start + end);
  }

  pick(indices: readonly number[]): JoinedRun {
    const places = new Int32Array(indices.length * PLACE);
    for (const [to, index] of indices.entries()) {
      const from = (this.#start + index) * PLACE;
      places.set(this.#places.subarray(from, from + PLACE), to * PLACE);
    }
    return new JoinedRun(this.#parts, places, 0, indices.length);
  }

  cut(balance: number, reserved: number): Parts<Run<KafkaRecord>> | undefined {
    return cutRun(this, balance, reserved);
  }

  detach(): JoinedRun {
    const picks = this.#parts.map((): number[] => []);
    for (let index = 0; index < this.length; index += 1) {
      const at = (this.#start + index) * PLACE;
      (picks[this.#places[at] as number] as number[]).push(this.#places[at + 1] as number);
    }
    const used = this.#parts.flatMap((part, index) => {
      const picked = picks[index] as number[];
      return picked.length === 0 ? [] : [part.pick(picked).detach()];
    });
    return JoinedRun.of(used);
  }

  #part(index: number): RecordRun {
    return this.#parts[this.#places[(this.#start + index) * PLACE] as number] as RecordRun;
  }

  #index(index: number): number {
    return this.#places[(this.#start + index) * PLACE + 1] as number;
  }
}
