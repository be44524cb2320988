import type { Subscriber } from 'rxjs';
import { listen } from '../listen.ts';
import type { Positioned } from '../run.ts';
import type { Chunk, Log, LogIsolation } from './log.ts';

/** The chunks of a log, one at a time: from memory, or brought there first. */
export class Chunks<R extends Positioned> {
  readonly #log: Log<R>;
  readonly #isolation: LogIsolation;
  readonly #life: Subscriber<never>;
  readonly #loaded: () => void;
  /** What was brought last, held until it is asked for: memory may have no room for it. */
  #chunk: Chunk<R> | undefined;

  /** @param loaded called when a chunk has come that was not there */
  constructor(log: Log<R>, isolation: LogIsolation, life: Subscriber<never>, loaded: () => void) {
    this.#log = log;
    this.#isolation = isolation;
    this.#life = life;
    this.#loaded = loaded;
  }

  /** The chunk with an offset, of which there must be one; `undefined` where it is being brought. */
  at(offset: bigint): Chunk<R> | undefined {
    const chunk = this.#chunk;
    this.#chunk = undefined;
    if (chunk !== undefined && chunk.from <= offset && offset < chunk.to) return chunk;
    const found = this.#log.peek(offset, this.#isolation);
    if (found === undefined) this.#load(offset);
    return found;
  }

  /** Holds a chunk until it is asked for again. */
  hold(chunk: Chunk<R> | undefined): void {
    this.#chunk = chunk;
  }

  #load(offset: bigint): void {
    listen(this.#log.load(offset, this.#isolation), this.#life, {
      next: (chunk) => this.hold(chunk),
      complete: () => this.#loaded(),
    });
  }
}
