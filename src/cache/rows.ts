import type { RowMeta } from './row.ts';

/** What the rows of a log say, in offset order; they leave no offset out. */
export class Rows {
  #list: RowMeta[];

  constructor(list: readonly RowMeta[] = []) {
    this.#list = [...list];
  }

  get all(): readonly RowMeta[] {
    return this.#list;
  }

  /** The row with an offset. */
  at(offset: bigint): RowMeta | undefined {
    const row = this.#list[this.#indexOf(offset)];
    return row !== undefined && row.from <= offset ? row : undefined;
  }

  /** Those that have offsets from `from` up to, not including, `to`. */
  between(from: bigint, to: bigint): readonly RowMeta[] {
    return this.#list.slice(this.#indexOf(from), to > from ? this.#indexOf(to - 1n) + 1 : this.#indexOf(from));
  }

  /** Puts rows in place of `old`, which are consecutive, or behind the last one. */
  replace(old: readonly RowMeta[], rows: readonly RowMeta[]): void {
    const first = old[0] ?? rows[0];
    const index = first === undefined ? 0 : this.#indexOf(first.from);
    this.#list.splice(index, old.length, ...rows);
  }

  /** The first row that ends behind an offset. */
  #indexOf(offset: bigint): number {
    let [low, high] = [0, this.#list.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#list[middle] as RowMeta).to <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
