/** A first-in, first-out list whose ends are reached in constant time: a ring that doubles when it is full. */
export class Deque<T> {
  #ring: (T | undefined)[] = new Array(4);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): T | undefined {
    return this.#ring[this.#head];
  }

  /** Replaces the first item, of which there must be one. */
  set first(item: T) {
    this.#ring[this.#head] = item;
  }

  get last(): T | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#at(this.#length - 1)];
  }

  /** Replaces the last item, of which there must be one. */
  set last(item: T) {
    this.#ring[this.#at(this.#length - 1)] = item;
  }

  push(item: T): void {
    if (this.#length === this.#ring.length) this.#resize(this.#length * 2);
    this.#ring[this.#at(this.#length)] = item;
    this.#length += 1;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = this.#at(1);
    this.#length -= 1;
    if (this.#ring.length > 64 && this.#length * 4 < this.#ring.length) this.#resize(this.#ring.length / 2);
    return item;
  }

  /** Where the item stands that is `index` behind the first; the ring's size is a power of two. */
  #at(index: number): number {
    return (this.#head + index) & (this.#ring.length - 1);
  }

  #resize(size: number): void {
    const ring = new Array<T | undefined>(size);
    for (let index = 0; index < this.#length; index += 1) ring[index] = this.#ring[this.#at(index)];
    this.#ring = ring;
    this.#head = 0;
  }
}
