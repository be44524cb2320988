import type { Run } from '../run.ts';
import type { KeyedRecord } from './log.ts';

/** Where in a run the records of keys are: 8 bytes a record, found once however many ask. */
export class KeyPlaces {
  /** By hash, the first record. */
  readonly #heads: Int32Array;
  /** By record, the next of its hash. */
  readonly #next: Int32Array;

  constructor(run: Run<KeyedRecord>) {
    const { length } = run;
    this.#heads = new Int32Array(1 << (32 - Math.clz32(Math.max(1, length - 1)))).fill(-1);
    this.#next = new Int32Array(length);
    for (let index = length - 1; index >= 0; index -= 1) {
      const { key } = run.at(index);
      if (key === null) continue;
      const slot = this.#slotOf(key);
      this.#next[index] = this.#heads[slot] as number;
      this.#heads[slot] = index;
    }
  }

  /** The places of records from `start` up to, not including, `stop` that may have one of the keys, ascending: all that do. */
  of(keys: readonly Uint8Array[], start: number, stop: number): readonly number[] {
    const places: number[] = [];
    for (const slot of new Set(keys.map((key) => this.#slotOf(key)))) {
      for (let at = this.#heads[slot] as number; at >= 0 && at < stop; at = this.#next[at] as number)
        if (at >= start) places.push(at);
    }
    return keys.length === 1 ? places : places.sort((a, b) => a - b);
  }

  /** FNV-1a. */
  #slotOf(key: Uint8Array): number {
    let hash = 0x811c9dc5;
    for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ (key[index] as number), 0x01000193);
    return (hash ^ (hash >>> 16)) & (this.#heads.length - 1);
  }
}

const known = new WeakMap<object, KeyPlaces | undefined>();

/** Those of a run from the second time on that they are asked for: to look through it once costs less. */
export function keyPlaces(run: Run<KeyedRecord>): KeyPlaces | undefined {
  const places = known.get(run);
  if (places !== undefined) return places;
  if (known.has(run)) {
    const made = new KeyPlaces(run);
    known.set(run, made);
    return made;
  }
  known.set(run, undefined);
  return undefined;
}
