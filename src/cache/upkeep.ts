import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  ignoreElements,
  merge,
  type Observable,
  reduce,
  repeat,
  type SchedulerLike,
  tap,
  timer,
} from 'rxjs';
import type { Cleanable } from './cleanable.ts';
import { clean } from './cleaner.ts';
import { type Dirt, dirtOf } from './dirt.ts';
import { pastRetention } from './retention.ts';
import type { RowMeta } from './row.ts';
import { steps } from './steps.ts';
import type { TopicConfig } from './topic-config.ts';

/** The log of a partition, as it is kept from growing. */
export interface Upkept {
  /** What messages name. */
  readonly name: string;
  readonly config: TopicConfig;
  readonly rows: readonly RowMeta[];
  /** What is to be cleaned, if the topic is compacted. */
  readonly cleanable: Cleanable | undefined;
  /** Drops what is below an offset at which a row begins. */
  trim(logStart: bigint): Observable<void>;
  /** How many bytes were given up when the log was begun anew, counted since it was opened. */
  readonly abandoned: number;
  /** Gives the space back on disk of what is gone below an offset, and of what was given up. */
  reclaim(to: bigint): Observable<void>;
}

export interface UpkeepOptions {
  readonly scheduler: SchedulerLike;
  /** How long it rests, in milliseconds: 15 s by default, as Kafka's cleaner does. */
  readonly interval?: number | undefined;
  /** How much on disk may be of what is gone, in bytes, if that is more than half of what is kept. */
  readonly slack: number;
  /** Told what reading or writing failed with. The log is left alone until the next turn. */
  readonly failed: (log: Upkept, thrown: unknown) => void;
}

/** What is gone of a log, and still on disk. */
interface Gone {
  readonly to: bigint;
  readonly bytes: number;
}

/**
 * Keeps logs from growing, as long as it is subscribed to: in turns, it drops what is past retention; cleans those
 * that are due, the dirtiest first and one at a time; and gives space back on disk.
 */
export const upkeep = (logs: () => Iterable<Upkept>, options: UpkeepOptions): Observable<never> =>
  defer(() => {
    const turns = new Upkeep(logs, options);
    const rest = (): Observable<unknown> => timer(options.interval ?? INTERVAL, options.scheduler);
    // None waits for another: a disk that is slow to give space back must not let a log grow past its retention.
    return merge(...turns.all.map((turn) => defer(turn).pipe(repeat({ delay: rest }))));
  });

export const INTERVAL = 15_000;

class Upkeep {
  readonly #logs: () => Iterable<Upkept>;
  readonly #options: UpkeepOptions;
  readonly #gone = new Map<Upkept, Gone>();
  readonly #abandoned = new WeakMap<Upkept, number>();

  constructor(logs: () => Iterable<Upkept>, options: UpkeepOptions) {
    this.#logs = logs;
    this.#options = options;
  }

  /** What is done in turns. */
  get all(): readonly (() => Observable<never>)[] {
    return [() => this.#retain(), () => this.#clean(new Set()), () => this.#reclaim()];
  }

  #retain(): Observable<never> {
    return this.#each(({ rows, config }) => pastRetention(rows, config, this.#options.scheduler.now())).pipe(
      concatMap((found) => from(found)),
      concatMap(({ log, what: to }) => {
        const bytes = bytesOf(log.rows.filter((row) => row.to <= to));
        return this.#guarded(log, log.trim(to).pipe(tap({ complete: () => this.#note(log, { to, bytes }) })));
      }),
    );
  }

  /** Cleans one after the other, since what is due may have changed when one is done; none twice. */
  #clean(cleaned: Set<Upkept>): Observable<never> {
    return this.#each((log) => {
      if (log.cleanable === undefined || cleaned.has(log)) return undefined;
      const dirt = dirtOf(log.cleanable, log.config, this.#options.scheduler.now());
      return dirt.isDue ? dirt : undefined;
    }).pipe(
      concatMap((due) => {
        const [dirtiest] = due.toSorted((a, b) => b.what.ratio - a.what.ratio);
        if (dirtiest === undefined) return EMPTY;
        cleaned.add(dirtiest.log);
        return concat(
          this.#cleanOne(dirtiest.log, dirtiest.what),
          defer(() => this.#clean(cleaned)),
        );
      }),
    );
  }

  #cleanOne(log: Upkept, dirt: Dirt): Observable<never> {
    const cleaning = clean(log.cleanable as Cleanable, dirt, {
      config: log.config,
      scheduler: this.#options.scheduler,
    });
    const noted = cleaning.pipe(
      reduce((sum, freed) => sum + freed, 0),
      tap((bytes) => this.#note(log, { to: dirt.to, bytes })),
    );
    return this.#guarded(log, noted);
  }

  /** What is written again is not gone at once: it stays where it was until the disk's tables are merged. */
  #reclaim(): Observable<never> {
    const logs = new Set(this.#logs());
    for (const log of this.#gone.keys()) if (!logs.has(log)) this.#gone.delete(log);
    let [kept, gone] = [0, 0];
    for (const log of logs) {
      kept += bytesOf(log.rows);
      const { abandoned } = log;
      const more = abandoned - (this.#abandoned.get(log) ?? 0);
      this.#abandoned.set(log, abandoned);
      if (more > 0) this.#note(log, { to: 0n, bytes: more });
    }
    for (const { bytes } of this.#gone.values()) gone += bytes;
    if (gone <= Math.max(this.#options.slack, kept / 2)) return EMPTY;
    const all = [...this.#gone];
    this.#gone.clear();
    return from(all).pipe(concatMap(([log, { to }]) => this.#guarded(log, log.reclaim(to))));
  }

  #note(log: Upkept, { to, bytes }: Gone): void {
    const before = this.#gone.get(log) ?? { to: 0n, bytes: 0 };
    this.#gone.set(log, { to: to > before.to ? to : before.to, bytes: before.bytes + bytes });
  }

  /** Of the logs, those of which there is something to say, looked at in slices. */
  #each<T>(look: (log: Upkept) => T | undefined): Observable<readonly { readonly log: Upkept; readonly what: T }[]> {
    const logs = [...this.#logs()];
    const { failed } = this.#options;
    const work = function* (): Generator<void, { log: Upkept; what: T }[]> {
      const found: { log: Upkept; what: T }[] = [];
      for (const log of logs) {
        try {
          const what = look(log);
          if (what !== undefined) found.push({ log, what });
        } catch (thrown) {
          failed(log, thrown);
        }
        yield;
      }
      return found;
    };
    return steps(work, this.#options.scheduler);
  }

  #guarded(log: Upkept, work: Observable<unknown>): Observable<never> {
    return work.pipe(
      ignoreElements(),
      catchError((thrown) => {
        this.#options.failed(log, thrown);
        return EMPTY;
      }),
    );
  }
}

const bytesOf = (rows: readonly RowMeta[]): number => rows.reduce((sum, { bytes }) => sum + Math.max(0, bytes), 0);
