import { type Data, data } from '../frame.ts';
import { MOST_RECORDS, type Positioned, type Run } from '../run.ts';

/** What is sent of a stretch of a run. */
export interface Piece<R> {
  /** Without it, nothing is. */
  readonly frame: Data<Run<R>> | undefined;
  /** The index behind the last record that was looked at. */
  readonly stop: number;
  /** The offset behind that. */
  readonly next: bigint;
  /** The offset behind the last record that is sent. */
  readonly sent: bigint;
  /** How many records were passed over behind that one. */
  readonly passed: number;
}

/** By where they begin, all of the records there. */
const wholes = new WeakMap<object, Piece<never>[]>();

/**
 * The records of a run from `start` on, as far as a balance goes, and up to, not including, `stop`. They are one piece
 * however many are sent them, as long as the run is the same.
 */
export function pieceOf<R extends Positioned>(run: Run<R>, start: number, stop: number, balance: number): Piece<R> {
  if (start % MOST_RECORDS !== 0) return take(run, start, stop, balance);
  let pieces = wholes.get(run) as Piece<R>[] | undefined;
  if (pieces === undefined) {
    pieces = [];
    wholes.set(run, pieces as unknown as Piece<never>[]);
  }
  const at = start / MOST_RECORDS;
  pieces[at] ??= take(run, start, run.length, Number.POSITIVE_INFINITY);
  const piece = pieces[at] as Piece<R>;
  return isWithin(piece, stop, balance) ? piece : take(run, start, stop, balance);
}

/** Whether a piece may be sent that is to end before an index, on a balance. */
export const isWithin = ({ frame, stop }: Piece<unknown>, end: number, balance: number): boolean =>
  stop <= end && (frame === undefined || frame.reserved <= balance);

function take<R extends Positioned>(run: Run<R>, start: number, stop: number, balance: number): Piece<R> {
  const last = Math.min(stop, start + MOST_RECORDS);
  let reserved = 0;
  let at = start;
  for (; at < last && reserved < balance; at += 1) reserved += run.cost(at);
  const next = run.at(at - 1).offset + 1n;
  const whole = start === 0 && at === run.length;
  return { frame: data(whole ? run : run.slice(start, at), reserved), stop: at, next, sent: next, passed: 0 };
}
