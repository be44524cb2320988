import type { Chunk } from '../log/log.ts';
import type { KafkaRecord } from '../protocol/kafka.ts';
import type { Run } from '../run.ts';
import type { Holds } from './holds.ts';
import { type KeyTable, NONE } from './key-index.ts';
import type { KeyedRun } from './segment.ts';

/** A record without a key, which nothing supersedes. */
const KEYLESS = -2;

/** What is known of the keys of a chunk, so that they are hashed once. */
interface Keys {
  /** Of each record the entry of its key, `NONE` as long as no decided record has it, or `KEYLESS`. */
  readonly entries: Int32Array;
  readonly offsets: Float64Array;
  removals: number;
  /** What was current at a version of the index. */
  version: number;
  run: Run<KafkaRecord> | undefined;
}

/** Which records of chunks are the newest of their keys. */
export class CurrentRecords {
  readonly #table: KeyTable;
  readonly #holds: Holds;
  readonly #known = new WeakMap<Chunk<KafkaRecord>, Keys>();

  constructor(table: KeyTable, holds: Holds) {
    this.#table = table;
    this.#holds = holds;
  }

  /** As `Log.current`. */
  of(chunk: Chunk<KafkaRecord>, below?: bigint): Run<KafkaRecord> | undefined {
    const run = chunk.run as KeyedRun | undefined;
    if (run === undefined) return undefined;
    const keys = this.#keys(chunk, run);
    if (below !== undefined) return this.#pick(run, keys, Number(below));
    if (keys.version !== this.#table.version) {
      const current = this.#pick(run, keys, Number.POSITIVE_INFINITY);
      if (keys.run === undefined || current === undefined || current.length !== keys.run.length) keys.run = current;
      keys.version = this.#table.version;
    }
    return keys.run;
  }

  #pick(run: KeyedRun, { entries, offsets }: Keys, below: number): Run<KafkaRecord> | undefined {
    const table = this.#table;
    const successors = table.isPartial ? undefined : this.#holds.successors(below);
    const left: number[] = [];
    for (let index = 0; index < entries.length; index += 1) {
      let entry = entries[index] as number;
      if (entry === NONE) {
        entry = table.entryOf(run.keyAt(index) as Uint8Array);
        entries[index] = entry;
      }
      if (entry >= 0) {
        const offset = offsets[index] as number;
        const newest = table.newestOf(entry);
        // What is known to come next may be below where only the newest is not.
        const next = newest < below ? newest : successors === undefined ? below : (successors.get(offset) ?? offset);
        if (newest > offset && next < below) continue;
      }
      left.push(index);
    }
    if (left.length === run.length) return run;
    return left.length === 0 ? undefined : run.pick(left);
  }

  #keys(chunk: Chunk<KafkaRecord>, run: KeyedRun): Keys {
    const known = this.#known.get(chunk);
    if (known?.removals === this.#table.removals) return known;
    const entries = new Int32Array(run.length);
    const offsets = new Float64Array(run.length);
    for (let index = 0; index < run.length; index += 1) {
      entries[index] = run.keyAt(index) === null ? KEYLESS : NONE;
      offsets[index] = Number(run.offsetAt(index));
    }
    const keys: Keys = { entries, offsets, removals: this.#table.removals, version: -1, run: undefined };
    this.#known.set(chunk, keys);
    return keys;
  }
}
