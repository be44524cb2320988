import { BehaviorSubject, filter, map, type Observable, type SchedulerLike, type Subscription, take } from 'rxjs';
import type { Chunk } from '../log/log.ts';
import { Loop } from '../loop.ts';
import type { KafkaRecord } from '../protocol/kafka.ts';
import { isFault } from '../protocol/kafka-error.ts';
import type { KeyTable } from './key-index.ts';
import type { KeyedRun } from './segment.ts';

/** What a key index is made of: the decided records of a log. */
export interface Decisions {
  /** Up to where records are decided. */
  readonly end: () => bigint;
  /** The first offset that there is. */
  readonly start: () => bigint;
  /** What is decided at an offset, if it is in memory. */
  readonly peek: (offset: bigint) => Chunk<KafkaRecord> | undefined;
  readonly load: (offset: bigint) => Observable<Chunk<KafkaRecord>>;
  /** Told when the index has come further. */
  readonly advanced: () => void;
  /** Told of a defect. */
  readonly failed: (thrown: unknown) => void;
}

/** Keeps a key index level with the decided records of a log, in slices. */
export class KeyFollower {
  readonly table: KeyTable;
  readonly #log: Decisions;
  readonly #loop: Loop;
  #position: bigint;
  /** Below which offset the table has no key, and the page to look at next. */
  #swept = 0n;
  #page = 0;
  #loading: Subscription | undefined;
  /** Whether it was woken since it began to load. */
  #isWoken = false;
  /** Whether there is nothing to do, or nothing that can be done now. */
  readonly #rests = new BehaviorSubject(false);

  /** @param position up to where the table has seen all that is decided */
  constructor(table: KeyTable, position: bigint, log: Decisions, scheduler: SchedulerLike) {
    this.table = table;
    this.#position = position;
    this.#log = log;
    this.#loop = new Loop(
      () => this.#step(),
      (thrown) => log.failed(thrown),
      scheduler,
    );
  }

  /** Up to where the table has seen all that is decided. */
  get position(): bigint {
    return this.#position;
  }

  /** Emits once it has seen all that is decided, or cannot read on for now. */
  get rested(): Observable<void> {
    return this.#rests.pipe(
      filter((rests) => rests),
      take(1),
      map(() => undefined),
    );
  }

  /** Goes on, if there is something that it has not seen. */
  wake(): void {
    if (this.#loading === undefined) this.#loop.wake();
    else this.#isWoken = true;
  }

  stop(): void {
    this.#loop.stop();
    this.#loading?.unsubscribe();
  }

  #step(): boolean {
    const start = this.#log.start();
    if (this.#position < start) this.#position = start;
    if (this.#swept < start) return this.#sweep(start);
    if (this.#position >= this.#log.end()) {
      this.#rest();
      return false;
    }
    if (this.#rests.value) this.#rests.next(false);
    const chunk = this.#log.peek(this.#position);
    if (chunk === undefined) return this.#load();
    this.#add(chunk);
    return true;
  }

  /** Forgets the keys that are gone with what was before the start, of one page. */
  #sweep(start: bigint): true {
    this.table.removeBelow(this.#page, Number(start));
    this.#page += 1;
    if (this.#page < this.table.pages.length) return true;
    this.#swept = start;
    this.#page = 0;
    return true;
  }

  /** What cannot be read now is tried again when woken. */
  #load(): boolean {
    const from = this.#position;
    this.#isWoken = false;
    // What was read may be gone meanwhile, or can be read by now.
    const goesOn = (): boolean => this.#position > from || this.#isWoken;
    const done = (): void => {
      this.#loading = undefined;
      if (goesOn()) this.#loop.wake();
      else this.#rest();
    };
    const loading = this.#log.load(from).subscribe({
      next: (chunk) => this.#add(chunk),
      error: (thrown) => {
        if (!isFault(thrown)) this.#log.failed(thrown);
        done();
      },
      complete: done,
    });
    if (!loading.closed) this.#loading = loading;
    // What wakes a loop inside its own step is lost when that ends it.
    return goesOn();
  }

  #rest(): void {
    this.#log.advanced();
    this.#rests.next(true);
  }

  /** What readers see is decided as far as the index has come, and no further: none of them may be ahead of the other. */
  #add({ run, to, gap }: Chunk<KafkaRecord>): void {
    if (gap !== undefined) this.table.isPartial = true;
    const keyed = run as KeyedRun | undefined;
    for (let index = 0; index < (keyed?.length ?? 0); index += 1) {
      const key = (keyed as KeyedRun).keyAt(index);
      if (key !== null) this.table.add(key, Number((keyed as KeyedRun).offsetAt(index)));
    }
    this.#position = to;
    this.#log.advanced();
  }
}
