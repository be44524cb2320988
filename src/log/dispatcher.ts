import { type SchedulerLike, Subscriber, type Subscription } from 'rxjs';
import { Deque } from '../deque.ts';
import { listen } from '../listen.ts';
import { Loop } from '../loop.ts';
import { eventLoop } from '../scheduler.ts';
import { Bed, type Sleeper } from './bed.ts';
import type { KeyedRecord, Log, LogIsolation } from './log.ts';

/** What a dispatcher serves. */
export interface Waiter extends Sleeper {
  /** Looks again. */
  wake(): void;
  /** Learns that the log is level. */
  level(): void;
  /** Learns that the log is gone. */
  fail(thrown: unknown): void;
}

/**
 * Tells the readers of one log when there is more for them. Who waits for anything is woken by the next change; who
 * waits for some keys is found by those. It subscribes to the log's changes while it has readers.
 */
export class Dispatcher<R extends KeyedRecord> {
  readonly log: Log<R>;
  readonly #waiters = new Set<Waiter>();
  readonly #unlevel = new Set<Waiter>();
  readonly #beds: Readonly<Record<LogIsolation, Bed<R>>>;
  readonly #due = new Deque<Waiter>();
  readonly #loop: Loop;
  #waiting = new Set<Waiter>();
  #following: Subscription | undefined;

  constructor(log: Log<R>, scheduler: SchedulerLike = eventLoop) {
    this.log = log;
    const fail = (thrown: unknown): void => this.#fail(thrown);
    const bed = (isolation: LogIsolation) => new Bed(log, isolation, this, scheduler);
    this.#beds = { read_committed: bed('read_committed'), read_uncommitted: bed('read_uncommitted') };
    this.#loop = new Loop(() => this.#step(), fail, scheduler);
  }

  /** Serves a reader, until it leaves. */
  join(waiter: Waiter): void {
    this.#waiters.add(waiter);
    if (this.#following !== undefined) return;
    const life = new Subscriber<never>({ next() {}, error: (thrown: unknown) => this.#fail(thrown), complete() {} });
    this.#following = life;
    listen(this.log.changes, life, { next: () => this.#changed(), complete() {} });
  }

  leave(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    this.#waiting.delete(waiter);
    this.#unlevel.delete(waiter);
    for (const bed of Object.values(this.#beds)) bed.leave(waiter);
    if (this.#waiters.size > 0) return;
    this.#following?.unsubscribe();
    this.#following = undefined;
  }

  /** Calls `level` once the log is level. */
  awaitLevel(waiter: Waiter): void {
    this.#unlevel.add(waiter);
  }

  /** Wakes a reader at the next change. */
  awaitChange(waiter: Waiter): void {
    this.#waiting.add(waiter);
  }

  /** Wakes a reader, which is at the end, when a record comes with one of these keys, or it is time to tell how far it is. */
  awaitKeys(waiter: Waiter, names: readonly string[], isolation: LogIsolation): void {
    // Who is not as far as those that sleep, on a log that was begun anew, has nothing to read before it changes.
    if (!this.#beds[isolation].join(waiter, names)) this.awaitChange(waiter);
  }

  /** Takes a reader from where it waits for keys. */
  recall(waiter: Waiter, isolation: LogIsolation): void {
    this.#beds[isolation].recall(waiter);
  }

  /** Wakes a reader in its turn. */
  rouse(waiter: Waiter): void {
    this.#due.push(waiter);
    this.#loop.wake();
  }

  /** Goes on with what is due. */
  proceed(): void {
    this.#loop.wake();
  }

  #changed(): void {
    if (this.log.offsets.isLevel && this.#unlevel.size > 0) {
      const unlevel = [...this.#unlevel];
      this.#unlevel.clear();
      for (const waiter of unlevel) waiter.level();
    }
    const waiting = this.#waiting;
    if (waiting.size > 0) {
      this.#waiting = new Set();
      for (const waiter of waiting) this.#due.push(waiter);
    }
    for (const bed of Object.values(this.#beds)) bed.look();
    this.#loop.wake();
  }

  #step(): boolean {
    const waiter = this.#due.shift();
    if (waiter === undefined) return this.#beds.read_committed.walk() || this.#beds.read_uncommitted.walk();
    try {
      if (this.#waiters.has(waiter)) waiter.wake();
    } catch (thrown) {
      waiter.fail(thrown);
    }
    return true;
  }

  #fail(thrown: unknown): void {
    for (const waiter of [...this.#waiters]) waiter.fail(thrown);
  }
}
