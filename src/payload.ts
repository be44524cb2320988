import { type Data, data } from './frame.ts';

/** A DATA cut in two: what may be sent now, and what has to wait. */
export type Parts<D> = readonly [head: Data<D>, rest: Data<D>];

/** A payload of several parts. One that is neither this nor bytes is a single record, which is never cut. */
export interface Divisible<D> {
  /**
   * Cuts at a balance (>= 1) that does not cover the whole, which costs `reserved`: a head that may overdraw it by less
   * than its last part, and the rest. `undefined` when the whole overdraws it by less than its last part.
   */
  cut(balance: number, reserved: number): Parts<D> | undefined;
  /** What to hold when it has to wait: a copy if it is a small part of the memory it pins, else itself. */
  detach(): D;
}

/** What may be sent of a DATA on a balance >= 1, and what is left; `undefined` when all of it may. */
export function cut<D>(frame: Data<D>, balance: number): Parts<D> | undefined {
  if (frame.reserved <= balance) return undefined;
  const payload: unknown = frame.payload;
  if (payload instanceof Uint8Array) {
    return [
      data(payload.subarray(0, balance) as D, balance),
      data(payload.subarray(balance) as D, frame.reserved - balance),
    ];
  }
  return isDivisible<D>(payload) ? payload.cut(balance, frame.reserved) : undefined;
}

/** The DATA to hold when it has to wait: it does not pin memory many times its own size. */
export function keep<D>(frame: Data<D>): Data<D> {
  const payload: unknown = frame.payload;
  const kept = payload instanceof Uint8Array ? detachBytes(payload) : isDivisible(payload) ? payload.detach() : payload;
  return kept === payload ? frame : data(kept as D, frame.reserved);
}

/** A copy of the bytes if they are less than a quarter of the memory they pin, else themselves. */
export const detachBytes = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength * 4 < bytes.buffer.byteLength ? new Uint8Array(bytes) : bytes;

const isDivisible = <D>(payload: unknown): payload is Divisible<D> =>
  typeof payload === 'object' && payload !== null && 'cut' in payload && 'detach' in payload;
