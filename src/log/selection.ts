import type { Data } from '../frame.ts';
import type { Run } from '../run.ts';
import { indexAt } from '../sorted.ts';
import type { Ending } from './ending.ts';
import { type Filtering, nameOf } from './filtering.ts';
import { pieceFor } from './finds.ts';
import type { Chunk, KeyedRecord, Log, LogIsolation } from './log.ts';
import { pieceOf } from './pieces.ts';
import type { Position } from './position.ts';

interface SelectionOptions<R> {
  readonly isolation: LogIsolation;
  /** Whether records are passed over that the log's index knows a newer one for. */
  readonly conflates: boolean;
  readonly filtering?: Filtering<R> | undefined;
}

/** The most keys that are looked up in an index, one by one; for more, the log is read. */
const MOST_KEYS = 256;

/** Which records of a log are sent, from its reader's position on. */
export class Selection<R extends KeyedRecord> {
  readonly #log: Log<R>;
  readonly #options: SelectionOptions<R>;
  readonly #position: Position;
  readonly #ending: Ending<R>;
  #filtering: Filtering<R> | undefined;
  #names: readonly string[] | undefined;

  constructor(log: Log<R>, options: SelectionOptions<R>, position: Position, ending: Ending<R>) {
    this.#log = log;
    this.#options = options;
    this.#position = position;
    this.#ending = ending;
    this.refilter(options.filtering);
  }

  /** By name the keys of all that is sent, if those are known. */
  get names(): readonly string[] | undefined {
    return this.#names;
  }

  refilter(filtering: Filtering<R> | undefined): void {
    this.#filtering = filtering;
    this.#names = filtering?.keys?.map(nameOf);
  }

  /**
   * Goes to the next record that the index knows of the keys that are asked for, all between being superseded or none of
   * them; answers whether it did. It cannot where the index tells only of what comes behind a snapshot.
   */
  seek(): boolean {
    const keys = this.#filtering?.keys;
    const { index, offsets } = this.#log;
    if (keys === undefined || keys.length > MOST_KEYS || index === undefined || index.isPartial) return false;
    if (!this.#options.conflates || this.#options.isolation !== 'read_committed') return false;
    const offset = this.#position.offset as bigint;
    const { bound } = this.#ending;
    let next = bound !== undefined && bound < offsets.lastStableOffset ? bound : offsets.lastStableOffset;
    if (next <= offset) return false;
    for (const key of keys) {
      const newest = index.newest(key);
      if (newest === undefined || newest < offset) continue;
      if (bound !== undefined && newest >= bound) return false;
      this.#ending.jump(offset, newest);
      if (newest < next) next = newest;
    }
    if (next > offset) this.#position.skip(next);
    return true;
  }

  /** Takes from a chunk what is sent next; nothing where all that was looked at is passed over. */
  take(chunk: Chunk<R>, balance: number, isFound: boolean): Data<Run<R>> | undefined {
    const offset = this.#position.offset as bigint;
    const { bound } = this.#ending;
    const to = bound !== undefined && bound < chunk.to ? bound : chunk.to;
    const { run: all } = chunk;
    const { conflates } = this.#options;
    const run = conflates && !isFound ? this.#log.current(chunk, bound) : all;
    const start = run === undefined ? 0 : indexAt(run, offset);
    const end = run === undefined ? 0 : to < chunk.to ? indexAt(run, to) : run.length;
    const stop = isFound ? Math.min(end, start + 1) : end;
    if (run === undefined || start >= stop) {
      if (all !== undefined && conflates) this.#ending.pass(all, run, offset, to);
      this.#position.pass(all?.length ?? 0);
      this.#position.reach(to);
      return undefined;
    }
    const sent = this.#send(run, start, stop, balance, stop === end ? to : undefined);
    if (all !== undefined && conflates && !isFound)
      this.#ending.pass(all, run, offset, this.#position.offset as bigint);
    return sent;
  }

  /** Sends of the records from `start` to `stop`, and goes on to `to` behind the last of them. */
  #send(run: Run<R>, start: number, stop: number, balance: number, to: bigint | undefined): Data<Run<R>> | undefined {
    const filtering = this.#filtering;
    const piece =
      filtering === undefined ? pieceOf(run, start, stop, balance) : pieceFor(run, filtering, start, stop, balance);
    const next = piece.stop === stop && to !== undefined ? to : piece.next;
    if (piece.frame === undefined) this.#position.pass(piece.stop - start);
    else {
      this.#position.sent(piece.sent);
      this.#position.pass(piece.passed);
    }
    if (next > (this.#position.offset as bigint)) this.#position.reach(next);
    return piece.frame;
  }
}
