import { type SchedulerLike, Subscriber, type Subscription } from 'rxjs';
import { MOST_RECORDS } from '../run.ts';
import { Chunks } from './chunks.ts';
import { nameOf } from './filtering.ts';
import { type Chunk, type KeyedRecord, type Log, type LogIsolation, readableEnd, type Seen } from './log.ts';
import { indexAt } from './pieces.ts';
import { LONGEST_SILENCE } from './position.ts';

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

  leave(sleeper: Sleeper, at = this.#at): void {
    const names = this.#names.get(sleeper);
    if (names === undefined) return;
    this.#names.delete(sleeper);
    for (const name of names) {
      const named = this.#sleepers.get(name);
      named?.delete(sleeper);
      if (named?.size === 0) this.#sleepers.delete(name);
    }
    if (at > sleeper.offset) sleeper.reach(at, false);
    if (this.#names.size > 0) return;
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
    const start = run === undefined ? 0 : indexAt(run, this.#at);
    const stop = run === undefined ? 0 : Math.min(run.length, start + MOST_RECORDS);
    for (let index = start; run !== undefined && index < stop && this.#names.size > 0; index += 1) {
      const { key, offset } = run.at(index);
      if (key !== null) this.#rouse(nameOf(key), offset);
    }
    this.#at = run === undefined || stop === run.length ? to : run.at(stop).offset;
    if (this.#names.size === 0) return;
    this.#silence ??= this.#scheduler.schedule(() => {
      this.#silence = undefined;
      this.#telling = this.#names.keys();
      this.#waking.proceed();
    }, LONGEST_SILENCE);
  }

  #tell(sleepers: Iterator<Sleeper>): boolean {
    const { value: sleeper } = sleepers.next();
    if (sleeper === undefined) this.#telling = undefined;
    else if (sleeper.offset <= this.#at) sleeper.reach(this.#at, true);
    return true;
  }

  #rouse(name: string, offset: bigint): void {
    const named = this.#sleepers.get(name);
    if (named === undefined) return;
    for (const sleeper of [...named]) {
      if (sleeper.offset > offset) continue;
      this.leave(sleeper, offset);
      this.#waking.rouse(sleeper);
    }
  }

  #rouseAll(): void {
    for (const sleeper of [...this.#names.keys()]) {
      this.leave(sleeper);
      this.#waking.rouse(sleeper);
    }
  }
}
