import type { Deque } from '../deque.ts';
import type { Flush } from '../frame.ts';
import { isCumulative, type Mark } from '../marks.ts';

/** An unbroken stretch of cumulative marks: of each kind and partition the newest, in the order in which those came. */
export class Stretch<E> {
  readonly kind = 'stretch';
  readonly #marks = new Map<string, Flush<E>>();

  get empty(): boolean {
    return this.#marks.size === 0;
  }

  /** Takes a mark in, behind all others and in place of the one that it replaces. */
  push(frame: Flush<E>): void {
    const { mark, partition } = frame.ext as Mark;
    const key = `${mark} ${partition}`;
    this.#marks.delete(key);
    this.#marks.set(key, frame);
  }

  /** Takes the marks of a stretch in that has come to stand directly behind. */
  join(behind: Stretch<E>): void {
    for (const frame of behind.#marks.values()) this.push(frame);
  }

  shift(): Flush<E> | undefined {
    for (const [key, frame] of this.#marks) {
      this.#marks.delete(key);
      return frame;
    }
    return undefined;
  }
}

/** What stands in a list with marks: DATA, what holds it, or marks. */
interface Entry {
  readonly kind: string;
}

/** Puts a mark last; a cumulative one joins the stretch that is last. */
export function pushMark<E>(list: Deque<Entry>, frame: Flush<E>): void {
  if (!isCumulative(frame.ext as Mark)) return list.push(frame);
  const stretch = new Stretch<E>();
  stretch.push(frame);
  pushStretch(list, stretch);
}

/** Puts a stretch last, or joins it to the one that is. */
export function pushStretch<E>(list: Deque<Entry>, stretch: Stretch<E>): void {
  const { last } = list;
  if (last instanceof Stretch) last.join(stretch);
  else list.push(stretch);
}

/** Takes the first mark of a list that begins with one. */
export function shiftMark<E>(list: Deque<Entry>): Flush<E> {
  const { first } = list;
  if (!(first instanceof Stretch)) return list.shift() as unknown as Flush<E>;
  const frame = first.shift() as Flush<E>;
  if (first.empty) list.shift();
  return frame;
}
