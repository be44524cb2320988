import type { SchedulerLike } from 'rxjs';
import { ConflatingQueue, type KeyOf } from '../../src/flow/conflating-queue.ts';
import { relay } from '../../src/flow/relay.ts';
import type { AnyLane, RunLane } from '../../src/protocol.ts';
import type { Positioned } from '../../src/run.ts';

export interface ConflateOptions<R extends Positioned> {
  /** The key within which a newer record replaces an older one; a record without (null, undefined) is left alone. */
  readonly key: KeyOf<R>;
  /** How much waits at the most, an integer >= 1, in the unit of `reserved`. */
  readonly window: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Lets a slow consumer skip what a newer record of the same partition and key has replaced.
 *
 *     records   -a-b-A------|       a and A share a key
 *     credit    --------9----
 *     result    B-------(bA)(E|)
 *
 * - *emits* the oldest that waits, while the balance is positive
 * - *conflates* when a record comes whose key still waits: the older one is dropped and its credit returned; never
 *   across a caught-up or gap mark, so the last value of every key always arrives
 * - *backpressures* when records of different keys fill the window
 * - *ends* on END once drained; at once on ABORT, dropping what waits
 *
 * @throws SluiceError OPTION_INVALID
 */
export const conflate = <R extends Positioned>({ key, window, scheduler }: ConflateOptions<R>): AnyLane<RunLane<R>> =>
  relay<RunLane<R>>({ window, scheduler, queue: (owe) => new ConflatingQueue(key, owe) });
