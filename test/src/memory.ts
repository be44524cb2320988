import { setImmediate, setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { cutRun, type Parts, type Positioned, type Run } from '../../src/index.ts';

export interface Keyed extends Positioned {
  readonly key: number;
}

/** Memory that views of it pin: as many units as it has records. */
class Batch {
  static readonly all: WeakRef<Batch>[] = [];
  readonly size: number;

  constructor(size: number) {
    this.size = size;
    Batch.all.push(new WeakRef(this));
  }
}

/** A view of records of a batch, each at a cost of 1, which is copied as real ones are. */
class View implements Run<Keyed> {
  readonly #batch: Batch;
  readonly #offsets: readonly number[];
  readonly length: number;
  static detached = 0;

  constructor(batch: Batch, offsets: readonly number[]) {
    this.#batch = batch;
    this.#offsets = offsets;
    this.length = offsets.length;
  }

  at(index: number): Keyed {
    const offset = this.#offsets[index] as number;
    return { partition: 0, offset: BigInt(offset), key: offset % 1_000 };
  }

  cost(): number {
    return 1;
  }

  slice(start: number, end: number): Run<Keyed> {
    return new View(this.#batch, this.#offsets.slice(start, end));
  }

  pick(indices: readonly number[]): Run<Keyed> {
    return new View(
      this.#batch,
      indices.map((index) => this.#offsets[index] as number),
    );
  }

  cut(balance: number, reserved: number): Parts<Run<Keyed>> | undefined {
    return cutRun(this, balance, reserved);
  }

  detach(): Run<Keyed> {
    View.detached += 1;
    return this.length * 2 < this.#batch.size ? new View(new Batch(this.length), this.#offsets) : this;
  }
}

/** All records of a batch of `size`, from the offset `first`; the key of each is its offset modulo 1,000. */
export const batch = (size: number, first: number): Run<Keyed> =>
  new View(
    new Batch(size),
    Array.from({ length: size }, (_, index) => first + index),
  );

/** How often a view was asked what to hold of it while `work` was done. */
export function detachedIn(work: () => void): number {
  const before = View.detached;
  work();
  return View.detached - before;
}

/**
 * How much memory the views that are still held pin: the least that a garbage collection finds of so many, until that is
 * at most `enough`. Code that V8 compiles meanwhile holds what it looked at for a while, and no queue does.
 */
export async function pinned(enough: number): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < MOST_TRIES && least > enough; tries += 1) {
    // A WeakRef holds what it refers to until the job that read it is over, and a promise resumes inside that job.
    for (let turn = 0; turn < 3; turn += 1) await setImmediate();
    if (tries > 0) await setTimeout(BETWEEN_TRIES);
    collect();
    least = Math.min(
      least,
      Batch.all.reduce((sum, ref) => sum + (ref.deref()?.size ?? 0), 0),
    );
  }
  return least;
}

const MOST_TRIES = 50;
/** In milliseconds. */
const BETWEEN_TRIES = 20;
