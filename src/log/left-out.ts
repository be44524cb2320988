import type { Run } from '../run.ts';
import type { KeyedRecord, KeyIndex } from './log.ts';

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
