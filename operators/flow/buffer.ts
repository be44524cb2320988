import type { SchedulerLike } from 'rxjs';
import { DroppingQueue } from '../../src/flow/dropping-queue.ts';
import { Fifo } from '../../src/flow/queue.ts';
import { relay } from '../../src/flow/relay.ts';
import type { AnyLane, GapLane, Lane, RunLane } from '../../src/protocol.ts';
import type { Positioned } from '../../src/run.ts';

export interface BufferOptions<Overflow extends string> {
  /** How much it takes in ahead of its consumer, an integer >= 1, in the unit of `reserved`. */
  readonly window: number;
  /** What happens when that much waits. */
  readonly overflow: Overflow;
  readonly scheduler?: SchedulerLike;
}

/**
 * Takes frames in ahead of a slow consumer, in order, up to a window.
 *
 *     records   -a-b-c-d-e-----|      overflow 'backpressure', window 2
 *     credit    1---------9----
 *     result    Ba--------(bc)d-e--(E|)
 *
 * - *emits* the oldest that waits, while the balance is positive
 * - *conflates or drops* nothing with `backpressure`; with `drop-oldest` or `drop-newest` what exceeds the window, and
 *   tells it by a gap mark (reason `overflow`) at its place, once there is credit or END has come
 * - *backpressures* when the window is full; a dropping one never does
 * - *ends* on END once drained; at once on ABORT, dropping what waits
 *
 * The dropping kinds need runs of records that have a partition and an offset, on a lane whose flushes may be gaps.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function buffer(options: BufferOptions<'backpressure'>): AnyLane;
export function buffer(options: BufferOptions<'drop-oldest' | 'drop-newest'>): GapLane<RunLane<Positioned>>;
export function buffer({
  window,
  overflow,
  scheduler,
}: BufferOptions<'backpressure' | 'drop-oldest' | 'drop-newest'>): AnyLane | GapLane<RunLane<Positioned>> {
  switch (overflow) {
    case 'backpressure':
      return relay<Lane>({ window, scheduler, queue: (owe) => new Fifo(owe) });
    case 'drop-oldest':
      return relay({ window, scheduler, queue: (owe) => new DroppingQueue(window, 'oldest', owe) });
    case 'drop-newest':
      return relay({ window, scheduler, queue: (owe) => new DroppingQueue(window, 'newest', owe) });
  }
}
