import type { MonoTypeOperatorFunction, Observable, OperatorFunction } from 'rxjs';
import type { Fault } from './errors.ts';
import type { Flush, Frame } from './frame.ts';
import type { Answer, Gap, Mark } from './marks.ts';
import type { Run } from './run.ts';

/** What one lane of a protocol hangs on each kind of frame. */
export interface Lane {
  readonly begin: unknown;
  readonly data: unknown;
  readonly flush: Mark | Answer;
  readonly end: unknown;
  readonly abort: Fault;
}

/** A lane whose DATA carries runs of whole records, as fetch lanes do. */
export interface RunLane<R = unknown> extends Lane {
  readonly data: Run<R>;
}

/** A protocol types its two lanes apart: `initial` comes from who opens the stream, `reply` goes back. */
export interface Protocol {
  readonly initial: Lane;
  readonly reply: Lane;
}

/** Initial lane in, reply lane out. Every binding is one, and so is every exit. */
export type Binding<P extends Protocol> = OperatorFunction<Frame<P['initial']>, Frame<P['reply']>>;

/** Speaks `P` at its entry and `Q` at its exit. */
export type Proxy<P extends Protocol, Q extends Protocol> = (exit: Binding<Q>) => Binding<P>;

/** Works on one lane, inside a pipe. */
export type LaneOperator<L extends Lane> = MonoTypeOperatorFunction<Frame<L>>;

/** As `AnyLane`, but for lanes whose flushes cannot be a `Gap`: it may send one. */
export type GapLane<L extends Lane = Lane> = <F extends Frame<L>>(
  source: Observable<F> & (Flush<Gap> extends F ? unknown : 'a flush of this lane cannot be a gap'),
) => Observable<F>;

/** Works on any lane that is at least a `L`, and leaves its type alone. */
export type AnyLane<L extends Lane = Lane> = <F extends Frame<L>>(source: Observable<F>) => Observable<F>;
