import { type SchedulerLike, Subscriber, type Subscription } from 'rxjs';
import type { Run } from '../run.ts';
import { indexAt } from '../sorted.ts';
import { Chunks } from './chunks.ts';
import { nameOf } from './filtering.ts';
import { type KeyPlaces, keyPlaces } from './key-places.ts';
import { type Chunk, type KeyedRecord, type Log, type LogIsolation, readableEnd, type Seen } from './log.ts';
import { LONGEST_SILENCE } from './position.ts';

/** How many keys are looked at at a stretch. */
const MOST_KEYS = 4_096;

/** A reader at the end of a log that waits for records of some keys. */
export interface Sleeper {
  /** The next offset to read. */
  readonly offset: bigint;
  /** Learns that there is nothing for it before an offset, and whether it is time to tell that, wherever it is. */
  reach(offset: bigint, tell: boolean): void;
}

/** Where a sleeper is woken. */
interface Waking {
  rouse(sleeper: Sleeper): void;
  proceed(): void;
}

/**
 * Readers of a log that have all read up to the same offset. What comes is looked at once for all of them, and those
 * are woken that it is for; the others sleep on, and are told from time to time how far that is.
 */
export class Bed<R extends KeyedRecord> {
  readonly #log: Log<R>;
  readonly #isolation: LogIsolation;
  readonly #waking: Waking;
  readonly #scheduler: SchedulerLike;
  #chunks: Chunks<R>;
  readonly #names = new Map<Sleeper, readonly string[]>();
  readonly #sleepers = new Map<string, Set<Sleeper>>();
  #at = 0n;
  /** The keys of the run at `#at`, and how many of them were looked at. */
  #places: KeyPlaces | undefined;
  #looked = 0;
  #seen: Seen | undefined;
  #silence: Subscription | undefined;
  /** Those that are still to be told. */
  #telling: Iterator<Sleeper> | undefined;
  #isDue = false;
  #isLoading = false;

  constructor(log: Log<R>, isolation: LogIsolation, waking: Waking, scheduler: SchedulerLike) {
    this.#log = log;
    this.#isolation = isolation;
    this.#waking = waking;
    this.#scheduler = scheduler;
    this.#chunks = this.#loader();
  }

  /** Lets a reader sleep that has read as far as the others; answers whether it does. */
  join(sleeper: Sleeper, names: readonly string[]): boolean {
    const { seen } = this.#log;
    if (this.#names.size === 0) {
      this.#at = sleeper.offset;
      this.#seen = seen;
    }
    if (sleeper.offset < this.#at || this.#seen?.generation !== seen.generation) return false;
    this.#names.set(sleeper, names);
    for (const name of names) {
      const named = this.#sleepers.get(name);
      if (named === undefined) this.#sleepers.set(name, new Set([sleeper]));
      else named.add(sleeper);
    }
    return true;
  }

  /** Lets a reader go on from where the others are. */
  recall(sleeper: Sleeper): void {
    if (this.#names.has(sleeper) && this.#at > sleeper.offset) sleeper.reach(this.#at, false);
    this.leave(sleeper);
  }

  leave(sleeper: Sleeper): void {
    const names = this.#names.get(sleeper);
    if (names === undefined) return;
    this.#names.delete(sleeper);
    for (const name of names) {
      const named = this.#sleepers.get(name);
      named?.delete(sleeper);
      if (named?.size === 0) this.#sleepers.delete(name);
    }
    if (this.#names.size > 0) return;
    this.#places = undefined;
    this.#silence?.unsubscribe();
    this.#silence = undefined;
    this.#telling = undefined;
    this.#chunks.hold(undefined);
  }

  /** There may be more to look at. */
  look(): void {
    this.#isDue = this.#names.size > 0;
  }

  /** Looks at some records, or tells one how far that is; answers whether there may be more. */
  walk(): boolean {
    if (this.#telling !== undefined) return this.#tell(this.#telling);
    if (!this.#isDue || this.#names.size === 0) return false;
    const { seen, offsets } = this.#log;
    const { generation, tombstones } = this.#seen as Seen;
    const hasMissed = seen.generation !== generation || seen.tombstones !== tombstones || offsets.logStart > this.#at;
    const chunk = hasMissed ? undefined : this.#chunk();
    const isMissing = hasMissed || chunk?.gap !== undefined;
    if (isMissing) this.#rouseAll();
    else if (chunk !== undefined) this.#pass(chunk);
    this.#isDue = !isMissing && chunk !== undefined;
    // Who was roused is woken in the same loop, which is not to end now.
    return isMissing || chunk !== undefined;
  }

  #loader(): Chunks<R> {
    const over = (): void => {
      this.#isLoading = false;
      this.look();
      this.#waking.proceed();
    };
    const failed = (): void => {
      this.#isLoading = false;
      this.#chunks = this.#loader();
      // Each of them meets what is wrong by itself.
      this.#rouseAll();
    };
    return new Chunks(
      this.#log,
      this.#isolation,
      new Subscriber<never>({ next() {}, error: failed, complete() {} }),
      over,
    );
  }

  #chunk(): Chunk<R> | undefined {
    if (this.#isLoading || this.#at >= readableEnd(this.#log.offsets, this.#isolation)) return undefined;
    this.#isLoading = true;
    const chunk = this.#chunks.at(this.#at);
    if (chunk !== undefined) this.#isLoading = false;
    return chunk;
  }

  #pass({ run, to }: Chunk<R>): void {
    if (run !== undefined && !this.#wake(run)) return;
    this.#at = to;
    if (this.#names.size === 0) return;
    this.#silence ??= this.#scheduler.schedule(() => {
      this.#silence = undefined;
      this.#telling = this.#names.keys();
      this.#waking.proceed();
    }, LONGEST_SILENCE);
  }

  /** Wakes those that records of a run are for; answers whether it has looked at all of its keys. */
  #wake(run: Run<R>): boolean {
    const start = indexAt(run, this.#at);
    const places = keyPlaces(run, start);
    if (this.#places !== places) [this.#places, this.#looked] = [places, 0];
    const { keys } = places;
    const stop = Math.min(keys.length, this.#looked + MOST_KEYS);
    for (; this.#looked < stop && this.#names.size > 0; this.#looked += 1) {
      const named = this.#sleepers.get(nameOf(keys[this.#looked] as Uint8Array));
      const last = named && places.at(this.#looked, start, run.length).at(-1);
      if (named !== undefined && last !== undefined) this.#rouse(named, run.at(last).offset);
    }
    if (stop < keys.length) return false;
    this.#places = undefined;
    return true;
  }

  #tell(sleepers: Iterator<Sleeper>): boolean {
    const { value: sleeper } = sleepers.next();
    if (sleeper === undefined) this.#telling = undefined;
    else if (sleeper.offset <= this.#at) sleeper.reach(this.#at, true);
    return true;
  }

  /** Wakes those that are not yet behind the last record that is for them. */
  #rouse(named: ReadonlySet<Sleeper>, last: bigint): void {
    for (const sleeper of [...named]) {
      if (sleeper.offset > last) continue;
      this.recall(sleeper);
      this.#waking.rouse(sleeper);
    }
  }

  #rouseAll(): void {
    for (const sleeper of [...this.#names.keys()]) {
      this.recall(sleeper);
      this.#waking.rouse(sleeper);
    }
  }
}
