import type { ControlSink } from './control.ts';
import type { Fault } from './errors.ts';
import type { Lane } from './protocol.ts';

/**
 * What travels downstream on one lane of one stream: `begin (data | flush)* (end | abort)`,
 * or a lone `abort` from who refuses a stream before it could begin.
 */
export type Frame<L extends Lane = Lane> =
  | Begin<L['begin']>
  | Data<L['data']>
  | Flush<L['flush']>
  | End<L['end']>
  | Abort<L['abort']>;

/** Every frame but BEGIN. */
export type Following<L extends Lane = Lane> = Exclude<Frame<L>, Begin<L['begin']>>;

/** Opens a lane and hands its receiver the way back upstream. */
export interface Begin<E> {
  readonly kind: 'begin';
  readonly ext: E;
  readonly control: ControlSink;
}

/** Carries a payload; the only frame that costs credit. */
export interface Data<D> {
  readonly kind: 'data';
  readonly payload: D;
  /** The credit it costs: an integer >= 1, bytes in production. */
  readonly reserved: number;
}

/** A mark, which keeps its place among DATA, or an answer, which may pass it; free. */
export interface Flush<E> {
  readonly kind: 'flush';
  readonly ext: E;
}

/** The lane is done. */
export interface End<E> {
  readonly kind: 'end';
  readonly ext: E | undefined;
}

/** The stream failed: a fault is a value and never an Rx error. */
export interface Abort<E> {
  readonly kind: 'abort';
  readonly ext: E | undefined;
}

/** Makes a BEGIN. */
export const begin = <E>(ext: E, control: ControlSink): Begin<E> => ({ kind: 'begin', ext, control });

/** Makes a DATA; `reserved` is an integer >= 1. */
export const data = <D>(payload: D, reserved: number): Data<D> => ({ kind: 'data', payload, reserved });

/** Makes a FLUSH. */
export const flush = <E>(ext: E): Flush<E> => ({ kind: 'flush', ext });

/** Makes an END; without `ext`, one that fits any lane. */
export function end(): End<never>;
export function end<E>(ext: E): End<E>;
export function end<E>(ext?: E): End<E> {
  return { kind: 'end', ext };
}

/** Makes an ABORT with its fault; without one, it fits any lane. */
export function abort(): Abort<never>;
export function abort<E extends Fault>(ext: E | undefined): Abort<E>;
export function abort<E extends Fault>(ext?: E): Abort<E> {
  return { kind: 'abort', ext };
}
