import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../errors.ts';

/** What a directory holds: what can be fetched again, or the only copy there is. */
export type CacheKind = 'cache' | 'embedded';

const KINDS: readonly CacheKind[] = ['cache', 'embedded'];

/** By its name, so that no bit that flips makes one of the other. */
const MARKERS: Readonly<Record<CacheKind, string>> = { cache: 'CACHE', embedded: 'EMBEDDED' };

const TEXTS: Readonly<Record<CacheKind, string>> = {
  cache: 'A cache of Kafka topics, kept by sluice. It may be deleted while sluice does not run.\n',
  embedded: 'Topics, kept by sluice. This is the only copy of them.\n',
};

/** Where things are in the directory of a cache. */
export class Directory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Where LevelDB has its files. */
  get store(): string {
    return join(this.path, 'store');
  }

  /** Where a store is put that does not open, in place of the one before it. */
  get setAside(): string {
    return join(this.path, 'store.set-aside');
  }

  /** Where what is produced waits until it is handed on. */
  get staged(): string {
    return join(this.path, 'staged');
  }

  /** What it is; nothing if there is nothing in it. @throws SluiceError CACHE_KIND where it does not say */
  get kind(): CacheKind | undefined {
    const kind = KINDS.find((one) => existsSync(join(this.path, MARKERS[one])));
    if (kind === undefined && existsSync(this.store))
      throw new SluiceError('CACHE_KIND', `${this.path} has a folder store, and does not say what it is`);
    return kind;
  }

  /** The process that opened it last. */
  get pid(): string {
    return existsSync(this.#pid) ? readFileSync(this.#pid, 'utf8').trim() : 'unknown';
  }

  /** Whether what is in it was found not to be usable when it was used last. */
  get isBroken(): boolean {
    return existsSync(this.#broken);
  }

  /** Makes it, or checks that it is of this kind. @throws SluiceError CACHE_KIND or CACHE_OPEN */
  prepare(kind: CacheKind): void {
    this.#using(() => {
      mkdirSync(this.path, { recursive: true });
      const known = this.kind;
      if (known === undefined) writeFileSync(join(this.path, MARKERS[kind]), TEXTS[kind]);
      else if (known !== kind) throw new SluiceError('CACHE_KIND', `${this.path} is of kind ${known}, not ${kind}`);
    });
  }

  /** Says that this process has it open. @throws SluiceError CACHE_OPEN */
  sign(pid: number): void {
    this.#using(() => writeFileSync(this.#pid, `${pid}\n`));
  }

  /** Says that it is not to be opened again as it is. */
  breakOff(): void {
    this.#using(() => writeFileSync(this.#broken, ''));
  }

  /** Puts the store away; answers where. @throws SluiceError CACHE_OPEN */
  putAside(): string {
    this.#using(() => {
      rmSync(this.setAside, { recursive: true, force: true });
      if (existsSync(this.store)) renameSync(this.store, this.setAside);
      rmSync(this.#broken, { force: true });
    });
    return this.setAside;
  }

  /** Removes all that is in it. @throws SluiceError CACHE_OPEN */
  empty(): void {
    this.#using(() => {
      const markers = KINDS.map((kind) => join(this.path, MARKERS[kind]));
      for (const path of [this.store, this.setAside, this.staged, this.#broken, this.#pid, ...markers])
        rmSync(path, { recursive: true, force: true });
    });
  }

  get #pid(): string {
    return join(this.path, 'pid');
  }

  get #broken(): string {
    return join(this.path, 'BROKEN');
  }

  #using(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      if (thrown instanceof SluiceError) throw thrown;
      throw new SluiceError('CACHE_OPEN', `${this.path}: ${(thrown as Error).message}`, { cause: thrown });
    }
  }
}
