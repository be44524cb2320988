/** A list of 32-bit integers that grows, a few bytes each. */
export class Column {
  #data = new Int32Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get last(): number | undefined {
    return this.#length === 0 ? undefined : this.#data[this.#length - 1];
  }

  get(index: number): number {
    return this.#data[index] as number;
  }

  set(index: number, value: number): void {
    this.#data[index] = value;
  }

  push(value: number): void {
    if (this.#length === this.#data.length) {
      const larger = new Int32Array(2 * this.#length);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[this.#length] = value;
    this.#length += 1;
  }

  /** Of a list that ascends, the first place whose value is not below another. */
  firstAt(value: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#data[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
