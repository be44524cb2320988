import type { Positioned, Run } from './run.ts';

/** How many of ascending numbers are below one. */
export function below(ascending: Int32Array | Float64Array, limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
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
