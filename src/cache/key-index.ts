import type { KeyIndex } from '../log/log.ts';
import { KeyHash } from './key-hash.ts';
import { SlotTable } from './slot-table.ts';

const PAGE_BITS = 10;

/** Entries are kept in pages of so many, so that none is ever moved. */
export const PAGE = 1 << PAGE_BITS;

/** What stands where there is no offset, or no entry. */
export const NONE = -1;

/** A page of entries: four words of hash for each, and the newest offset of its key, or `NONE` for one that is free. */
export interface Page {
  readonly hashes: Int32Array;
  readonly offsets: Float64Array;
}

/**
 * By key, the newest offset among the decided records of a partition. A key has an entry, whose number a reader may
 * remember beside a record instead of asking for the key again. It takes 30 to 35 bytes a key, whatever the keys are.
 * Offsets are numbers here, exact up to 2^53.
 */
export class KeyTable implements KeyIndex {
  readonly #hash: KeyHash;
  readonly #pages: Page[] = [emptyPage()];
  readonly #slots: SlotTable;
  /** Entries that were given up. */
  readonly #free: number[] = [];
  #entries = 0;
  #version = 0;
  #removals = 0;
  isPartial = false;
  /** Told of each record that was the newest of its key when another one is. */
  superseded: (offset: number, by: number) => void = () => {};

  /**
   * @param secret the store's 16 random bytes, without which nobody can make two keys count as one
   * @param expected how many keys there will be, if that is known
   */
  constructor(secret: Uint8Array, expected?: number) {
    this.#hash = new KeyHash(secret);
    this.#slots = new SlotTable((entry) => this.#page(entry).hashes[(entry & (PAGE - 1)) * 4] as number, expected);
  }

  /** How many keys there are. */
  get size(): number {
    return this.#entries - this.#free.length;
  }

  /** The memory it takes. */
  get bytes(): number {
    return this.#pages.length * PAGE * ENTRY_BYTES + this.#slots.bytes;
  }

  get version(): number {
    return this.#version;
  }

  /** Grows when entries were given up: those that were remembered before are void. */
  get removals(): number {
    return this.#removals;
  }

  /** The pages of the entries, to be read alone; there is always one. */
  get pages(): readonly Page[] {
    return this.#pages;
  }

  newest(key: Uint8Array): bigint | undefined {
    const entry = this.entryOf(key);
    return entry === NONE ? undefined : BigInt(this.newestOf(entry));
  }

  /** The entry of a key, or `NONE`. */
  entryOf(key: Uint8Array): number {
    this.#hash.hash(key);
    return this.#find();
  }

  /** The newest offset of an entry's key. */
  newestOf(entry: number): number {
    return this.#page(entry).offsets[entry & (PAGE - 1)] as number;
  }

  /** Takes a decided record in, unless a newer one of its key has been. Answers the entry of the key. */
  add(key: Uint8Array, offset: number): number {
    this.#hash.hash(key);
    return this.#raise(offset);
  }

  /** Takes over the next page of another table under the same secret; before anything else is added. */
  restore(page: Page): void {
    const first = this.#entries;
    this.#pages[first >>> PAGE_BITS] = page;
    this.#entries += PAGE;
    const { hashes, offsets } = page;
    for (let index = 0; index < PAGE; index += 1) {
      if (offsets[index] === NONE) this.#free.push(first + index);
      else this.#slots.add(hashes[index * 4] as number, first + index);
    }
    this.#version += 1;
  }

  /** Forgets a key whose newest record is the one at the offset, and is gone. Answers whether it was. */
  remove(key: Uint8Array, offset: number): boolean {
    const entry = this.entryOf(key);
    if (entry === NONE || this.newestOf(entry) !== offset) return false;
    this.#giveUp(entry);
    return true;
  }

  /** Forgets, of the entries of one page, the keys whose newest record is below an offset, since all below is gone. */
  removeBelow(page: number, offset: number): void {
    const { offsets } = this.#pages[page] as Page;
    for (let index = 0; index < PAGE; index += 1) {
      const newest = offsets[index] as number;
      if (newest !== NONE && newest < offset) this.#giveUp(page * PAGE + index);
    }
  }

  #giveUp(entry: number): void {
    const { hashes, offsets } = this.#page(entry);
    const index = entry & (PAGE - 1);
    this.#slots.delete(hashes[index * 4] as number, entry);
    offsets[index] = NONE;
    this.#free.push(entry);
    this.#version += 1;
    this.#removals += 1;
  }

  #page(entry: number): Page {
    return this.#pages[entry >>> PAGE_BITS] as Page;
  }

  /** The entry with the hash that was made last. */
  #find(): number {
    const { a, b, c, d } = this.#hash;
    for (let probe = this.#slots.first(a); ; probe = this.#slots.next()) {
      if (probe === NONE) return NONE;
      const { hashes } = this.#page(probe);
      const at = (probe & (PAGE - 1)) * 4;
      if (hashes[at] === a && hashes[at + 1] === b && hashes[at + 2] === c && hashes[at + 3] === d) return probe;
    }
  }

  #raise(offset: number): number {
    const found = this.#find();
    const entry = found === NONE ? this.#make() : found;
    const { offsets } = this.#page(entry);
    const index = entry & (PAGE - 1);
    const before = offsets[index] as number;
    if (offset > before) {
      offsets[index] = offset;
      this.#version += 1;
      if (before !== NONE) this.superseded(before, offset);
    }
    return entry;
  }

  #make(): number {
    const entry = this.#free.pop() ?? this.#entries++;
    if (entry === this.#pages.length * PAGE) {
      this.#pages.push(emptyPage());
    }
    const { a, b, c, d } = this.#hash;
    const { hashes } = this.#page(entry);
    const at = (entry & (PAGE - 1)) * 4;
    hashes[at] = a;
    hashes[at + 1] = b;
    hashes[at + 2] = c;
    hashes[at + 3] = d;
    this.#slots.add(a, entry);
    return entry;
  }
}

const emptyPage = (): Page => ({ hashes: new Int32Array(PAGE * 4), offsets: new Float64Array(PAGE).fill(NONE) });

/** What an entry takes in its page. */
export const ENTRY_BYTES = 4 * Int32Array.BYTES_PER_ELEMENT + Float64Array.BYTES_PER_ELEMENT;
