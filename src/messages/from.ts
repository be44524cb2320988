import { SluiceError } from '../errors.ts';
import type { From } from '../protocol/kafka.ts';
import type { MessageProgress } from './track.ts';

/** Where to begin: the log's start, its end, an offset (a bigint is one), or the first record at or after a time (a Date is one). */
export type Place =
  | 'earliest'
  | 'latest'
  | bigint
  | Date
  | { readonly offset: bigint | number | string }
  | { readonly timestamp: bigint | number | Date };

/** A place for every partition, one for each (`earliest` for those that are not named), or where another stream had read to. */
export type MessagesFrom =
  | Place
  | MessageProgress
  | { readonly partitions: Readonly<Record<number, Place>>; readonly default?: Place };

/** Where a stream begins, and the id of the topic that its offsets are of, if that is known. */
export interface Start {
  readonly topicId?: string;
  readonly default: From;
  readonly partitions: ReadonlyMap<number, From>;
}

/** @throws SluiceError OPTION_INVALID */
export function startOf(from: MessagesFrom): Start {
  if (typeof from !== 'object' || from === null) return { default: fromOf(from), partitions: new Map() };
  if ('offsets' in from) {
    const { topicId, offsets } = from;
    const saved = new Map(Object.entries(offsets).map(([key, offset]) => [partitionOf(key), fromOf({ offset })]));
    return { ...(topicId !== undefined && { topicId }), default: 'earliest', partitions: saved };
  }
  if ('partitions' in from) {
    const { partitions, default: others = 'earliest' } = from;
    const places = Object.entries(partitions).map(([key, place]) => [partitionOf(key), fromOf(place)] as const);
    return { default: fromOf(others), partitions: new Map(places) };
  }
  return { default: fromOf(from), partitions: new Map() };
}

function fromOf(place: Place): From {
  if (place === 'earliest' || place === 'latest') return place;
  if (typeof place === 'bigint') return { offset: natural(place) };
  if (place instanceof Date) return { timestamp: natural(place.getTime()) };
  if (typeof place === 'object' && place !== null) {
    if ('offset' in place) return { offset: natural(place.offset) };
    if ('timestamp' in place) {
      const { timestamp } = place;
      return { timestamp: natural(timestamp instanceof Date ? timestamp.getTime() : timestamp) };
    }
  }
  throw wrong(place);
}

const LARGEST = 2n ** 63n - 1n;

function natural(value: bigint | number | string): bigint {
  if (typeof value === 'string' ? !/^\d+$/.test(value) : typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw wrong(value);
  }
  const number = BigInt(value);
  if (number < 0n || number > LARGEST) throw wrong(value);
  return number;
}

function partitionOf(key: string): number {
  const partition = Number(key);
  if (/^\d+$/.test(key) && partition < 2 ** 31) return partition;
  throw wrong(`partition ${key}`);
}

const wrong = (what: unknown): SluiceError =>
  new SluiceError(
    'OPTION_INVALID',
    `from is no place to begin at: ${String(what)}; it is earliest, latest, an offset as a bigint, a Date, or a saved progress`,
  );
