import { data } from '../frame.ts';
import { MOST_RECORDS, type Run } from '../run.ts';
import type { Filtering } from './filtering.ts';
import { keyPlaces } from './key-places.ts';
import type { KeyedRecord } from './log.ts';
import { isWithin, type Piece } from './pieces.ts';

/** By name of the filter, what it found last; nothing for one that was asked for once. */
type Finds = Map<string, { readonly start: number; readonly piece: Piece<never> } | undefined>;

const finds = new WeakMap<object, Finds>();

/**
 * The records of a run that a filter accepts, from `start` on, as far as a balance goes, and up to, not including, `stop`.
 * From the second on, those that look from the same place with the same filter are sent one piece.
 */
export function pieceFor<R extends KeyedRecord>(
  run: Run<R>,
  filtering: Filtering<R>,
  start: number,
  stop: number,
  balance: number,
): Piece<R> {
  let known = finds.get(run);
  if (known === undefined) {
    known = new Map();
    finds.set(run, known);
  }
  const { name } = filtering;
  const found = known.get(name);
  if (found?.start === start && isWithin(found.piece, stop, balance)) return found.piece as Piece<R>;
  const piece = find(run, filtering, start, stop, balance);
  const isWhole = stop === run.length && (piece.frame?.reserved ?? 0) < balance;
  if (!known.has(name)) known.set(name, undefined);
  // What an end or a balance has cut short is no use to others.
  else if (isWhole) known.set(name, { start, piece: piece as unknown as Piece<never> });
  return piece;
}

function find<R extends KeyedRecord>(
  run: Run<R>,
  filtering: Filtering<R>,
  start: number,
  stop: number,
  balance: number,
): Piece<R> {
  const { keys, isByKey } = filtering;
  const places = keys && keyPlaces(run, start).of(keys, start, stop);
  // Where the places of keys are known, what lies between them is not looked at.
  const last = places === undefined ? Math.min(stop, start + MOST_RECORDS) : (places[MOST_RECORDS] ?? stop);
  const taken: number[] = [];
  let reserved = 0;
  let at = start;
  for (let next = 0; at < last && reserved < balance; at += 1) {
    if (places !== undefined) at = places[next] ?? last;
    if (at === last) break;
    next += 1;
    if (!isByKey && !filtering.accepts(run.at(at))) continue;
    taken.push(at);
    reserved += run.cost(at);
  }
  const next = run.at(at - 1).offset + 1n;
  if (reserved === 0) return { frame: undefined, stop: at, next, sent: next, passed: 0 };
  const lastTaken = taken.at(-1) as number;
  const accepted = taken.length === at - start ? run.slice(start, at) : run.pick(taken);
  return {
    frame: data(filtering.shown(accepted), reserved),
    stop: at,
    next,
    sent: run.at(lastTaken).offset + 1n,
    passed: at - 1 - lastTaken,
  };
}
