import type { ControlSink } from '../../src/control.ts';
import { window } from '../../src/control.ts';
import { data } from '../../src/frame.ts';
import { operate } from '../../src/listen.ts';
import type { AnyLane, RunLane } from '../../src/protocol.ts';

/**
 * Passes the records that a predicate accepts.
 *
 *     records   -a-b-c-d-|          the predicate accepts a and d
 *     credit    2---------
 *     result    Ba-----d-(E|)
 *     upstream  2--1-1---           what b and c cost goes back
 *
 * - *emits* what the predicate accepts, as it comes; marks and answers as they are
 * - *drops* the other records and returns their credit
 * - *backpressures* when its consumer does: it has no window of its own
 * - *ends* when its source does
 */
export const filter = <R>(accepts: (record: R) => boolean): AnyLane<RunLane<R>> =>
  operate<RunLane<R>>((out) => {
    let control: ControlSink;
    return {
      next(frame) {
        if (frame.kind === 'begin') control = frame.control;
        if (frame.kind !== 'data') return out.next(frame);
        const { payload: run, reserved } = frame;
        const taken: number[] = [];
        let cost = 0;
        for (let index = 0; index < run.length; index += 1) {
          if (!accepts(run.at(index))) continue;
          taken.push(index);
          cost += run.cost(index);
        }
        if (taken.length === run.length) return out.next(frame);
        if (taken.length > 0) out.next(data(run.pick(taken), cost));
        control(window(reserved - cost));
      },
    };
  });
