/** What travels upstream, from the receiver of a lane to its sender. */
export type Control = Window | Reset;

/** Where the receiver of a BEGIN puts its control; it may be called inside the delivery of any frame. */
export type ControlSink = (control: Control) => void;

/** Grants credit, which adds to what was granted before. */
export interface Window {
  readonly kind: 'window';
  /** An integer >= 1, in the unit of `reserved`. */
  readonly credit: number;
}

/** Refuses the rest of the lane: its sender answers with exactly ABORT. */
export interface Reset {
  readonly kind: 'reset';
  readonly ext: unknown;
}

/** Makes a WINDOW; `credit` is an integer >= 1. */
export const window = (credit: number): Window => ({ kind: 'window', credit });

/** Makes a RESET, with a reason if there is one. */
export const reset = (ext?: unknown): Reset => ({ kind: 'reset', ext });
