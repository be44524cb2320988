import { Deque } from '../deque.ts';
import { type Data, data, type Flush } from '../frame.ts';
import { isBarrier, type Mark } from '../marks.ts';
import { cut, keep } from '../payload.ts';
import type { RunLane } from '../protocol.ts';
import { ArrayRun, charged, type Positioned, type Run } from '../run.ts';
import type { Owe, Queue } from './queue.ts';
import { pushMark, pushStretch, type Stretch, shiftMark } from './stretch.ts';

/** What records conflate by. Objects, bytes among them, are no keys: two of the same content are not the same. */
export type Key = string | number | bigint | boolean;

/** The key of a record; one whose key is null or undefined neither conflates nor is conflated. */
export type KeyOf<R> = (record: R) => Key | null | undefined;

/** A run some of whose records still wait: those at or after `next` whose `keys` entry is not `GONE`. */
interface Held<R> {
  readonly kind: 'held';
  run: Run<R>;
  keys: unknown[];
  next: number;
  /** What its waiting records cost, and what the whole of `run` costs. */
  waiting: number;
  cost: number;
}

interface Slot<R> {
  held: Held<R>;
  index: number;
}

const GONE = Symbol('gone');
const NOTHING = new ArrayRun<never>([]);

/**
 * Holds the newest record of each partition and key, in the order in which those came. Credit is owed for a record
 * when it leaves or when a newer one takes its place.
 */
export class ConflatingQueue<R extends Positioned> implements Queue<RunLane<R>> {
  readonly #key: KeyOf<R>;
  readonly #owe: Owe;
  #items = new Deque<Held<R> | Flush<never> | Stretch<never>>();
  readonly #newest = new Map<number, Map<unknown, Slot<R>>>();
  // A run that came while nothing waited usually leaves before the next comes: it is not looked into until it must.
  #fresh: Data<Run<R>> | undefined;
  #waiting = 0;
  #spent = 0;

  constructor(key: KeyOf<R>, owe: Owe) {
    this.#key = key;
    this.#owe = owe;
  }

  get empty(): boolean {
    return this.#fresh === undefined && this.#items.length === 0;
  }

  /** What its waiting records cost. */
  get waiting(): number {
    return this.#waiting + (this.#fresh?.reserved ?? 0);
  }

  offer(frame: Data<Run<R>>): void {
    if (this.empty) {
      this.#fresh = frame;
      return;
    }
    this.#admitFresh();
    this.#admit(frame);
  }

  mark(frame: Flush<never>): void {
    this.#admitFresh();
    if (isBarrier(frame.ext as Mark)) this.#newest.clear();
    pushMark(this.#items, frame);
  }

  poll(balance: number): Data<Run<R>> | Flush<never> | undefined {
    if (this.#fresh !== undefined) return balance > 0 ? this.#passFresh(this.#fresh, balance) : undefined;
    for (;;) {
      const item = this.#items.first;
      if (item === undefined) return undefined;
      if (item.kind !== 'held') return shiftMark(this.#items);
      if (item.waiting > 0) return balance > 0 ? this.#take(item, balance) : undefined;
      this.#items.shift();
      this.#spent -= 1;
    }
  }

  #passFresh(fresh: Data<Run<R>>, balance: number): Data<Run<R>> {
    const [head, rest] = cut(fresh, balance) ?? [fresh];
    this.#fresh = rest && keep(rest);
    this.#owe(head.reserved);
    return head;
  }

  #admitFresh(): void {
    const fresh = this.#fresh;
    if (fresh === undefined) return;
    this.#fresh = undefined;
    this.#admit(keep(fresh));
  }

  #admit({ payload: run, reserved }: Data<Run<R>>): void {
    const held: Held<R> = { kind: 'held', run, keys: [], next: 0, waiting: reserved, cost: reserved };
    this.#waiting += reserved;
    this.#items.push(held);
    for (let index = 0; index < run.length; index += 1) {
      const record = run.at(index);
      const key = this.#key(record) ?? undefined;
      held.keys.push(key);
      if (key === undefined) continue;
      const slots = this.#slotsOf(record.partition);
      const slot = slots.get(key);
      if (slot === undefined) slots.set(key, { held, index });
      else this.#replace(slot, held, index);
    }
    this.#shrink(held);
  }

  #slotsOf(partition: number): Map<unknown, Slot<R>> {
    const known = this.#newest.get(partition);
    if (known !== undefined) return known;
    const slots = new Map<unknown, Slot<R>>();
    this.#newest.set(partition, slots);
    return slots;
  }

  #replace(slot: Slot<R>, held: Held<R>, index: number): void {
    const older = slot.held;
    const cost = older.run.cost(slot.index);
    older.keys[slot.index] = GONE;
    older.waiting -= cost;
    this.#waiting -= cost;
    this.#owe(cost);
    slot.held = held;
    slot.index = index;
    if (older !== held) this.#shrink(older);
  }

  #take(held: Held<R>, balance: number): Data<Run<R>> {
    const taken: number[] = [];
    let reserved = 0;
    for (; held.next < held.run.length && reserved < balance; held.next += 1) {
      if (held.keys[held.next] === GONE) continue;
      taken.push(held.next);
      reserved += held.run.cost(held.next);
      this.#forget(held, held.next);
    }
    const whole = taken.length === held.run.length;
    const sent = data(whole ? held.run : held.run.pick(taken), reserved);
    held.waiting -= reserved;
    this.#waiting -= reserved;
    this.#owe(reserved);
    if (held.waiting === 0) this.#items.shift();
    else this.#shrink(held);
    return sent;
  }

  #forget(held: Held<R>, index: number): void {
    const slots = this.#newest.get(held.run.at(index).partition);
    if (slots?.get(held.keys[index])?.held === held) slots.delete(held.keys[index]);
    held.keys[index] = GONE;
  }

  /** Lets go of a run half of which no longer waits, so that what is replaced often holds no memory. */
  #shrink(held: Held<R>): void {
    if (held.waiting * 2 > held.cost) return;
    if (held.waiting === 0) return this.#drop(held);
    const left: number[] = [];
    for (let index = held.next; index < held.run.length; index += 1) if (held.keys[index] !== GONE) left.push(index);
    const { payload, reserved } = keep(charged(held.run.pick(left)));
    const keys = left.map((index) => held.keys[index]);
    for (const [index, key] of keys.entries()) {
      const slot = this.#newest.get(payload.at(index).partition)?.get(key);
      if (slot?.held === held) slot.index = index;
    }
    Object.assign(held, { run: payload, keys, next: 0, waiting: reserved, cost: reserved });
  }

  /** Empties a run of which nothing waits; those that are not first leave the list all at once, when they are many. */
  #drop(held: Held<R>): void {
    Object.assign(held, { run: NOTHING, keys: [], next: 0, cost: 0 });
    this.#spent += 1;
    if (this.#spent * 4 < this.#items.length || this.#spent < 16) return;
    const items = this.#items;
    this.#items = new Deque();
    this.#spent = 0;
    for (let item = items.shift(); item !== undefined; item = items.shift()) {
      if (item.kind === 'stretch') pushStretch(this.#items, item);
      else if (item.kind === 'flush' || item.waiting > 0) this.#items.push(item);
    }
  }
}
