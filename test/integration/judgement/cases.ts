import type { From, Kafka, KafkaBegin } from '../../../src/protocol/kafka.ts';
import type { Binding } from '../../../src/protocol.ts';
import { type Pace, Reader } from './reader.ts';
import { timeOf } from './records.ts';
import { filtersOf, type Wanted } from './selection.ts';
import type { Case } from './verdict.ts';

/** A topic that is judged. */
export interface JudgedTopic {
  readonly name: string;
  readonly isCompacted: boolean;
  readonly keys: number;
  readonly partitions: number;
  /** How many records have been written. */
  readonly written: () => number;
}

const FROM = ['earliest', 'default', 'earliest', 'offset', 'timestamp', 'earliest', 'latest'] as const;
const PACES: readonly Pace[] = [
  'fast',
  { bytes: 4_000, every: 20 },
  { bytes: 1_000 },
  { bytes: 60_000, every: 50 },
  { bytes: 200, every: 5 },
];

/**
 * Opens reader number `n`: what it asks for, from where and how fast it takes that differs from one to the next.
 *
 * @param stable where the source stands, if nothing more comes and the cache has nothing of that yet
 */
export function open(binding: Binding<Kafka>, topic: JudgedTopic, n: number, stable?: Case['stable']): Case {
  const { name, partitions, written, keys, isCompacted } = topic;
  const wanted = WANTED[n % WANTED.length]!(n, keys);
  const chosen = FROM[n % FROM.length]!;
  const from = chosen === 'latest' && stable !== undefined ? 'earliest' : chosen;
  const isolation = n % 4 === 3 ? 'read_uncommitted' : 'read_committed';
  const filters = filtersOf(wanted);
  const isOne = n % 6 === 5;
  const begins = placeOf(from, written(), partitions);
  const reading = {
    topic: name,
    isolation,
    ...(n % 5 === 4 && { until: 'latest' as const }),
    ...(filters.length > 0 && { filters, evaluation: n % 2 === 0 ? ('eager' as const) : ('lazy' as const) }),
  } as const;
  const begin: Extract<KafkaBegin, { api: 'fetch' | 'merged' }> = isOne
    ? { api: 'fetch', partition: n % partitions, ...(begins !== undefined && { from: begins }), ...reading }
    : { api: 'merged', capabilities: 'fetch', ...(begins !== undefined && { from: { default: begins } }), ...reading };
  const reader = new Reader(binding, begin, PACES[n % PACES.length]!, isOne ? 1 : partitions);
  return { name: `reader ${n} of ${name} from ${from}`, reader, wanted, isCompacted, from, ...(stable && { stable }) };
}

const WANTED: readonly ((n: number, keys: number) => Wanted)[] = [
  () => ({}),
  (n, keys) => ({ keys: Array.from({ length: 1 + (n % 9) }, (_, at) => (31 * n + 7 * at) % keys) }),
  () => ({}),
  (n) => ({ group: n % 5 }),
  (n) => ({ group: n % 5, isNot: true }),
  (n, keys) => ({ keys: Array.from({ length: 300 }, (_, at) => (n + at) % keys) }),
  (n, keys) => ({ keys: [n % keys, (n + 1) % keys, (n + 2) % keys], group: n % 5 }),
  () => ({}),
];

function placeOf(from: (typeof FROM)[number], written: number, partitions: number): From | undefined {
  switch (from) {
    case 'default':
      return undefined;
    case 'offset':
      return { offset: BigInt(Math.floor(written / partitions / 3)) };
    case 'timestamp':
      return { timestamp: BigInt(timeOf(Math.floor(written / 2))) };
    default:
      return from;
  }
}
