import { Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import type { Control } from './control.ts';
import { isCount, SluiceError } from './errors.ts';
import { type Abort, abort, begin, type Data, type Following, type Frame } from './frame.ts';
import { Loop } from './loop.ts';
import type { Lane } from './protocol.ts';
import { eventLoop } from './scheduler.ts';

/** Where an emitter's frames come from. */
export interface Source<L extends Lane> {
  /**
   * The next frame, or `undefined` until `wake`. DATA only on a balance >= 1, which it may overdraw by less than its
   * last record; on less, a FLUSH, END or ABORT is welcome.
   */
  pull(balance: number): Following<L> | undefined;
  /** Called when there is nothing to send: may ask for more, and answers whether it did. */
  idle?(): boolean;
  /** Told, once, that the receiver refused the rest; answers the ABORT to end with, if it has one to say. */
  reset?(ext: unknown): Abort<L['abort']> | undefined;
}

/** The sending end of a lane. */
export interface Outlet<L extends Lane> {
  /** Sends BEGIN. */
  begin(ext: L['begin']): void;
  /**
   * Sends a DATA past the source, if the balance covers it and nothing is being sent; answers whether it did. With credit
   * left and nothing being sent, the source has nothing to send.
   */
  pass(frame: Data<L['data']>): boolean;
  /** Pulls what there is to send. */
  wake(): void;
  /** The credit left. */
  readonly balance: number;
}

/**
 * Sends what `source` has into `out`, obeying its receiver: never more than its credit, one frame at a time, nothing
 * after a terminal, and after RESET exactly ABORT. Everything that sends frames sends them through this.
 */
export function emit<L extends Lane>(
  out: Subscriber<Frame<L>>,
  source: Source<L>,
  scheduler: SchedulerLike = eventLoop,
): Outlet<L> {
  let balance = 0;
  let opening: { ext: L['begin'] } | undefined;
  let refused = false;
  let refusal: Abort<L['abort']> | undefined;

  const step = (): boolean => {
    if (out.closed) return false;
    if (opening !== undefined) {
      const { ext } = opening;
      opening = undefined;
      out.next(begin(ext, control));
      return true;
    }
    const frame = refused ? refusal : source.pull(balance);
    if (frame === undefined) return !refused && (source.idle?.() ?? false);
    if (frame.kind === 'data') balance -= frame.reserved;
    out.next(frame);
    if (frame.kind === 'end' || frame.kind === 'abort') out.complete();
    return true;
  };

  // At once, since the receiver may leave before this loop turns; what it throws is not the receiver's.
  const refuse = (ext: unknown): void => {
    refused = true;
    try {
      refusal = source.reset?.(ext) ?? abort();
    } catch (thrown) {
      out.error(thrown);
    }
  };

  const control = (control: Control): void => {
    if (out.closed || refused) return;
    if (control.kind === 'reset') refuse(control.ext);
    else if (isCount(control.credit)) balance += control.credit;
    else return out.error(new SluiceError('LAW_BAD_CREDIT', `credit ${control.credit}`));
    loop.wake();
  };

  const deliver = (frame: Data<L['data']>): void => {
    balance -= frame.reserved;
    out.next(frame);
  };

  const loop = new Loop(step, (thrown) => out.error(thrown), scheduler);
  return {
    begin(ext) {
      opening = { ext };
      loop.wake();
    },
    pass: (frame) => frame.reserved <= balance && loop.pass(deliver, frame),
    wake: () => loop.wake(),
    get balance() {
      return balance;
    },
  };
}

/**
 * A lane from a source: BEGIN with `ext` on subscription, then what `open` pulls. `wake` tells that there is more;
 * the source's own clean-up is added to `out`, which ends when the lane does or its receiver leaves.
 */
export function emitter<L extends Lane>(
  ext: L['begin'],
  open: (wake: () => void, out: Subscriber<Frame<L>>) => Source<L>,
  scheduler: SchedulerLike = eventLoop,
): Observable<Frame<L>> {
  return new Observable((out) => {
    let outlet: Outlet<L> | undefined;
    const source = open(() => outlet?.wake(), out);
    outlet = emit(out, source, scheduler);
    outlet.begin(ext);
  });
}
