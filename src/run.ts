import { type Data, data } from './frame.ts';
import type { Divisible, Parts } from './payload.ts';

/** Where a record stands. Offsets ascend within a partition; partitions have no order among them. */
export interface Positioned {
  readonly partition: number;
  readonly offset: bigint;
}

/** Whole records in offset order, at least one, as a view that is read by index. */
export interface Run<R> extends Divisible<Run<R>> {
  readonly length: number;
  /** The record at `index`, 0 to `length - 1`. */
  at(index: number): R;
  /** What that record costs: an integer >= 1; a DATA's `reserved` is their sum. */
  cost(index: number): number;
  /** The records from `start` up to, not including, `end`. */
  slice(start: number, end: number): Run<R>;
  /** The records at `indices`, which ascend. */
  pick(indices: readonly number[]): Run<R>;
}

/** A run over an array of records, or a part of one: what tests, `map` and small sources use. */
export class ArrayRun<R> implements Run<R> {
  readonly length: number;
  readonly #records: readonly R[];
  readonly #costs: readonly number[] | undefined;
  readonly #start: number;

  /** The records from `start` up to, not including, `end`: all by default. Without `costs`, each record costs 1. */
  constructor(records: readonly R[], costs?: readonly number[], start = 0, end = records.length) {
    this.#records = records;
    this.#costs = costs;
    this.#start = start;
    this.length = end - start;
  }

  at(index: number): R {
    return this.#records[this.#start + index] as R;
  }

  cost(index: number): number {
    return this.#costs === undefined ? 1 : (this.#costs[this.#start + index] as number);
  }

  slice(start: number, end: number): Run<R> {
    return new ArrayRun(this.#records, this.#costs, this.#start + start, this.#start + end);
  }

  pick(indices: readonly number[]): Run<R> {
    const costs = this.#costs;
    return new ArrayRun(
      indices.map((index) => this.at(index)),
      costs && indices.map((index) => this.cost(index)),
    );
  }

  cut(balance: number, reserved: number): Parts<Run<R>> | undefined {
    return cutRun(this, balance, reserved);
  }

  detach(): Run<R> {
    if (this.length * 4 >= this.#records.length) return this;
    const [start, end] = [this.#start, this.#start + this.length];
    return new ArrayRun(this.#records.slice(start, end), this.#costs?.slice(start, end));
  }
}

/** How any run that costs `reserved` is cut: after the record that uses the balance up. */
export function cutRun<R>(run: Run<R>, balance: number, reserved: number): Parts<Run<R>> | undefined {
  const last = run.length - 1;
  let spent = 0;
  for (let index = 0; index < last; index += 1) {
    spent += run.cost(index);
    if (spent >= balance) {
      return [data(run.slice(0, index + 1), spent), data(run.slice(index + 1, run.length), reserved - spent)];
    }
  }
  return undefined;
}

/** The DATA that carries a run, at the sum of its records' costs. */
export function charged<R>(run: Run<R>): Data<Run<R>> {
  let reserved = 0;
  for (let index = 0; index < run.length; index += 1) reserved += run.cost(index);
  return data(run, reserved);
}

/** The DATA of these records, each at `cost(record)`, or 1. */
export const records = <R>(list: readonly R[], cost?: (record: R) => number): Data<Run<R>> =>
  charged(new ArrayRun(list, cost && list.map(cost)));
