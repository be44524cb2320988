import type { Observable } from 'rxjs';
import { type Data, data, type Frame } from '../../src/frame.ts';
import { operate } from '../../src/listen.ts';
import type { RunLane } from '../../src/protocol.ts';
import { ArrayRun, type Run } from '../../src/run.ts';

/** The frames `F` with runs of `B` in place of runs of anything. */
export type MapRuns<F, B> = F extends Data<Run<unknown>> ? Data<Run<B>> : F;

type MapLane<A, B> = <F extends Frame<RunLane<A>>>(source: Observable<F>) => Observable<MapRuns<F, B>>;

/**
 * Puts another record in the place of each.
 *
 *     records   -a-b-c-|
 *     credit    9-------
 *     result    Bx-y-z-(E|)
 *
 * - *emits* the projection of each record, as it comes, at the cost of the original
 * - *drops* nothing
 * - *backpressures* when its consumer does: it has no window of its own
 * - *ends* when its source does
 */
export const map = <A, B>(project: (record: A) => B): MapLane<A, B> =>
  operate<RunLane<A | B>>((out) => ({
    next(frame) {
      if (frame.kind !== 'data') return out.next(frame);
      const run = frame.payload as Run<A>;
      const projected: B[] = [];
      const costs: number[] = [];
      for (let index = 0; index < run.length; index += 1) {
        projected.push(project(run.at(index)));
        costs.push(run.cost(index));
      }
      out.next(data(new ArrayRun<A | B>(projected, costs), frame.reserved));
    },
  })) as MapLane<A, B>;
