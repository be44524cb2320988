import { MOST_RECORDS, type Run } from '../run.ts';
import { below } from '../sorted.ts';
import type { KeyedRecord } from './log.ts';

const NONE = -1;

/** Where in a run the records of each key are, from a place on: 4 bytes a record and some 40 a key. */
export class KeyPlaces {
  readonly from: number;
  /** By number, the keys that there are. */
  readonly keys: readonly Uint8Array[];
  /** By hash, the number of a key, and `NONE`: half of them at least. */
  #slots = new Int32Array(16).fill(NONE);
  readonly #hashes: number[] = [];
  /** By number, where the places of a key begin; they end where the next one's do. */
  readonly #starts: Int32Array;
  /** Ascending for each key. */
  readonly #places: Int32Array;

  constructor(run: Run<KeyedRecord>, from: number) {
    this.from = from;
    const keys: Uint8Array[] = [];
    this.keys = keys;
    const numbers = new Int32Array(Math.max(0, run.length - from)).fill(NONE);
    for (let index = 0; index < numbers.length; index += 1) {
      const { key } = run.at(from + index);
      if (key !== null) numbers[index] = this.#add(keys, key);
    }
    const starts = new Int32Array(keys.length + 1);
    for (const number of numbers) if (number !== NONE) starts[number + 1] = (starts[number + 1] as number) + 1;
    for (let number = 0; number < keys.length; number += 1)
      starts[number + 1] = (starts[number + 1] as number) + (starts[number] as number);
    const places = new Int32Array(starts[keys.length] as number);
    const next = starts.slice();
    for (let index = 0; index < numbers.length; index += 1) {
      const number = numbers[index] as number;
      if (number === NONE) continue;
      places[next[number] as number] = from + index;
      next[number] = (next[number] as number) + 1;
    }
    this.#starts = starts;
    this.#places = places;
  }

  /** The places of a key, by its number, from `start` up to, not including, `stop`: ascending. */
  at(number: number, start: number, stop: number): Int32Array {
    const places = this.#places.subarray(this.#starts[number], this.#starts[number + 1]);
    return places.subarray(below(places, start), below(places, stop));
  }

  /**
   * The places of records with one of these keys, each of which is there once, from `start` up to, not including, `stop`,
   * ascending: all that there are, or the first of them and more than a run has.
   */
  of(keys: readonly Uint8Array[], start: number, stop: number): Int32Array {
    const found: Int32Array[] = [];
    for (const key of keys) {
      const number = this.#slots[this.#slotOf(key, hashOf(key))] as number;
      if (number !== NONE) found.push(this.at(number, start, stop));
    }
    if (found.length === 1) return found[0] as Int32Array;
    return Int32Array.from(found.flatMap((places) => [...places.subarray(0, MOST_RECORDS + 1)])).sort();
  }

  /** The number of a key, a new one if it has none. */
  #add(keys: Uint8Array[], key: Uint8Array): number {
    const hash = hashOf(key);
    const slot = this.#slotOf(key, hash);
    const known = this.#slots[slot] as number;
    if (known !== NONE) return known;
    const number = keys.push(key) - 1;
    this.#hashes.push(hash);
    this.#slots[slot] = number;
    if (keys.length * 2 > this.#slots.length) this.#grow();
    return number;
  }

  /** Where a key's number is, or would be. */
  #slotOf(key: Uint8Array, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = slots[slot] as number;
      if (number === NONE || (this.#hashes[number] === hash && isSame(this.keys[number] as Uint8Array, key)))
        return slot;
    }
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 4).fill(NONE);
    for (const [number, hash] of this.#hashes.entries())
      this.#slots[this.#slotOf(this.keys[number] as Uint8Array, hash)] = number;
  }
}

/** FNV-1a. */
function hashOf(key: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ (key[index] as number), 0x01000193);
  return hash ^ (hash >>> 16);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

const known = new WeakMap<object, KeyPlaces>();

/** Those of a run from a place on, found once however many ask. */
export function keyPlaces(run: Run<KeyedRecord>, from: number): KeyPlaces {
  const found = known.get(run);
  if (found !== undefined && found.from <= from) return found;
  // Of what has grown by a little, only that is looked at.
  const places = new KeyPlaces(run, from);
  known.set(run, places);
  return places;
}
