import { type Observable, of, type SchedulerLike } from 'rxjs';
import { abort } from '../../src/frame.ts';
import { listen, operate } from '../../src/listen.ts';
import { expiryOf, type Guarded, type GuardedProtocol, refusalOf } from '../../src/protocol/guard.ts';
import type { HttpFault } from '../../src/protocol/http.ts';
import type { AnyLane, Binding, Lane } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';
import { route } from './route.ts';

/**
 * Lets only those streams through that guards let pass, as far as what they found is told in BEGIN, and for as long as it
 * holds.
 *
 *     initial   B-a-b-           of one who may
 *     exit gets B-a-b-
 *     exit says --B-x-y--
 *     reply     --B-x-y--A       A at the time that one ceases to be known
 *     refused   A                of one who may not: the exit gets nothing
 *
 * - *emits* what the exit replies
 * - *drops* nothing; a stream that may not pass is ABORT with `HTTP_UNAUTHORIZED` where a guard recognised nobody, with
 *   `HTTP_FORBIDDEN` where a role is missing
 * - *backpressures* when the exit does: it has no window of its own
 * - *ends* when the exit's reply does, or with ABORT and `GUARD_EXPIRED` once one of the guards does not know the client
 *   any more; a client that shows itself anew, with the same roles at least, has longer
 */
export const guarded =
  <P extends GuardedProtocol>(guards: Guarded, scheduler: SchedulerLike = eventLoop) =>
  (exit: Binding<P>): Binding<P> =>
    route<P>(({ authorization }) => {
      const fault = refusalOf(guards, authorization);
      if (fault !== undefined) return () => of(abort(fault));
      return (initial) => exit(initial).pipe(until(expiryOf(guards, authorization, scheduler)));
    });

/** The reply, up to a fault that comes from elsewhere. */
const until = (fault: Observable<HttpFault>): AnyLane =>
  operate<Lane>((out) => {
    listen(fault, out, {
      next(expired) {
        out.next(abort(expired));
        out.complete();
      },
      complete() {},
    });
    return { next: (frame) => out.next(frame) };
  });
