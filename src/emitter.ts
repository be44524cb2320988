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
export const emit = <L extends Lane>(
  out: Subscriber<Frame<L>>,
  source: Source<L>,
  scheduler: SchedulerLike = eventLoop,
): Outlet<L> => new Emitter(out, source, scheduler);

/** A class, since an object literal with a getter is a dictionary to V8: slow, and 400 bytes more for each stream. */
class Emitter<L extends Lane> implements Outlet<L> {
  readonly #out: Subscriber<Frame<L>>;
  readonly #source: Source<L>;
  readonly #loop: Loop;
  #balance = 0;
  #opening: { readonly ext: L['begin'] } | undefined;
  #refused = false;
  #refusal: Abort<L['abort']> | undefined;

  constructor(out: Subscriber<Frame<L>>, source: Source<L>, scheduler: SchedulerLike) {
    this.#out = out;
    this.#source = source;
    this.#loop = new Loop(
      () => this.#step(),
      (thrown) => out.error(thrown),
      scheduler,
    );
  }

  get balance(): number {
    return this.#balance;
  }

  begin(ext: L['begin']): void {
    this.#opening = { ext };
    this.#loop.wake();
  }

  pass(frame: Data<L['data']>): boolean {
    return frame.reserved <= this.#balance && this.#loop.pass(this.#deliver, frame);
  }

  wake(): void {
    this.#loop.wake();
  }

  #step(): boolean {
    const out = this.#out;
    if (out.closed) return false;
    if (this.#opening !== undefined) {
      const { ext } = this.#opening;
      this.#opening = undefined;
      out.next(begin(ext, (control) => this.#control(control)));
      return true;
    }
    const frame = this.#refused ? this.#refusal : this.#source.pull(this.#balance);
    if (frame === undefined) return !this.#refused && (this.#source.idle?.() ?? false);
    if (frame.kind === 'data') this.#balance -= frame.reserved;
    out.next(frame);
    if (frame.kind === 'end' || frame.kind === 'abort') out.complete();
    return true;
  }

  #control(control: Control): void {
    const out = this.#out;
    if (out.closed || this.#refused) return;
    if (control.kind === 'reset') this.#refuse(control.ext);
    else if (isCount(control.credit)) this.#balance += control.credit;
    else return out.error(new SluiceError('LAW_BAD_CREDIT', `credit ${control.credit}`));
    this.#loop.wake();
  }

  // At once, since the receiver may leave before this loop turns; what it throws is not the receiver's.
  #refuse(ext: unknown): void {
    this.#refused = true;
    try {
      this.#refusal = this.#source.reset?.(ext) ?? abort();
    } catch (thrown) {
      this.#out.error(thrown);
    }
  }

  readonly #deliver = (frame: Data<L['data']>): void => {
    this.#balance -= frame.reserved;
    this.#out.next(frame);
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
