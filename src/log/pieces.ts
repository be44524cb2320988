import { type Data, data } from '../frame.ts';
import { MOST_RECORDS, type Positioned, type Run } from '../run.ts';
import type { KeyedRecord, KeyIndex } from './log.ts';

/** A part of a run that is sent at once, and the offset behind it. */
export interface Piece<R> {
  readonly frame: Data<Run<R>>;
  /** The index behind its last record. */
  readonly stop: number;
  readonly next: bigint;
}

const known = new WeakMap<object, Piece<never>[]>();

/**
 * The piece of a run that begins at an index, if one does. It is made once, however many are sent it, as long as the run
 * is the same.
 */
export function pieceAt<R extends Positioned>(run: Run<R>, index: number): Piece<R> | undefined {
  if (index % MOST_RECORDS !== 0) return undefined;
  let pieces = known.get(run) as Piece<R>[] | undefined;
  if (pieces === undefined) {
    pieces = [];
    known.set(run, pieces as unknown as Piece<never>[]);
  }
  const at = index / MOST_RECORDS;
  pieces[at] ??= make(run, index);
  return pieces[at];
}

function make<R extends Positioned>(run: Run<R>, start: number): Piece<R> {
  const stop = Math.min(run.length, start + MOST_RECORDS);
  let reserved = 0;
  for (let index = start; index < stop; index += 1) reserved += run.cost(index);
  const whole = start === 0 && stop === run.length;
  return { frame: data(whole ? run : run.slice(start, stop), reserved), stop, next: run.at(stop - 1).offset + 1n };
}

/** The index of the first record at an offset or behind it; where there is none, how many there are. */
export function indexAt(run: Run<Positioned>, offset: bigint): number {
  let [low, high] = [0, run.length];
  if (high === 0 || run.at(0).offset >= offset) return 0;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (run.at(middle).offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The records that are left out of a run, and for each the newest offset of its key. */
export interface LeftOut {
  readonly offsets: Float64Array;
  readonly newest: Float64Array;
}

interface Sight extends LeftOut {
  readonly current: object | undefined;
  readonly version: number;
}

const sights = new WeakMap<object, Sight>();

/** What `current` leaves out of `all`, found once for each version of the index, however many ask. */
export function leftOut<R extends KeyedRecord>(all: Run<R>, current: Run<R> | undefined, index: KeyIndex): LeftOut {
  const { version } = index;
  const seen = sights.get(all);
  if (seen !== undefined && seen.current === current && seen.version === version) return seen;
  const offsets: number[] = [];
  const newest: number[] = [];
  let at = 0;
  for (let each = 0; each < all.length; each += 1) {
    const { offset, key } = all.at(each);
    if (current !== undefined && at < current.length && current.at(at).offset === offset) at += 1;
    else if (key !== null) {
      offsets.push(Number(offset));
      newest.push(Number(index.newest(key) ?? offset));
    }
  }
  const sight = { offsets: Float64Array.from(offsets), newest: Float64Array.from(newest), current, version };
  sights.set(all, sight);
  return sight;
}
