import { type Filtering, nameOf } from '../log/filtering.ts';
import type { Condition, Evaluation, Filter, Header, HeaderStep, KafkaRecord } from './kafka.ts';
import { MatchedRun } from './matched-run.ts';

/** Whether a record is one that filters accept: those of a list are ORed, the conditions of each ANDed. */
export type Matcher = (record: Pick<KafkaRecord, 'key' | 'headers'>) => boolean;

/** What accepts the records that `filters` do; `undefined` where they accept everything. */
export function matcherOf(filters: readonly Filter[] = []): Matcher | undefined {
  if (filters.length === 0) return undefined;
  return (record) => filters.some((filter) => filter.every((condition) => holds(condition, record)));
}

/** Which records a reader is sent, each knowing which filters accept it if all are evaluated; `undefined` where that is everything. */
export function filteringOf(
  filters: readonly Filter[] = [],
  evaluation: Evaluation = 'lazy',
): Filtering<KafkaRecord> | undefined {
  const accepts = matcherOf(filters);
  if (accepts === undefined) return undefined;
  const keys = keysOf(filters);
  return {
    name: `${evaluation}${JSON.stringify(filters, legible)}`,
    accepts,
    keys,
    isByKey: keys !== undefined && filters.every((filter) => filter.length === 1),
    shown: evaluation === 'lazy' ? (run) => run : (run) => new MatchedRun(run, (record) => maskOf(filters, record)),
  };
}

/** Bytes as a text that no other bytes have, nor a step through the values of a header. */
function legible(this: Readonly<Record<string, unknown>>, name: string, written: unknown): unknown {
  const value = this[name];
  return value instanceof Uint8Array ? `=${nameOf(value)}` : written;
}

/** The keys that a record must have one of; `undefined` where it need not, or need not have any. */
function keysOf(filters: readonly Filter[]): readonly Uint8Array[] | undefined {
  const keys: Uint8Array[] = [];
  for (const filter of filters) {
    const key = filter.flatMap((condition) => ('key' in condition && condition.key !== null ? [condition.key] : []))[0];
    if (key === undefined) return undefined;
    if (!keys.some((known) => same(known, key))) keys.push(key);
  }
  return keys;
}

/** The filters that accept a record, the first by the lowest bit. */
const maskOf = (filters: readonly Filter[], record: Matched): bigint =>
  filters.reduce(
    (mask, filter, at) => (filter.every((condition) => holds(condition, record)) ? mask | (1n << BigInt(at)) : mask),
    0n,
  );

type Matched = Parameters<Matcher>[0];

function holds(condition: Condition, record: Matched): boolean {
  if ('key' in condition) return same(condition.key, record.key);
  if ('not' in condition) return !holds(condition.not, record);
  if ('header' in condition) {
    const { name, value } = condition.header;
    return record.headers.some((header) => header.name === name && same(value, header.value));
  }
  const { name, values } = condition.headers;
  return follows(valuesOf(name, record.headers), values);
}

const valuesOf = (name: string, headers: readonly Header[]): (Uint8Array | null)[] =>
  headers.filter((header) => header.name === name).map(({ value }) => value);

/** Whether a sequence of values is one that the steps go through, from its first to its last. */
function follows(values: readonly (Uint8Array | null)[], steps: readonly HeaderStep[]): boolean {
  // The steps that may come next, as each value is read: linear in both, whatever the steps.
  let at = skipped(new Set([0]), steps);
  for (const value of values) {
    const next = new Set<number>();
    for (const index of at) {
      const step = steps[index];
      if (step === undefined) continue;
      if (step === 'skip-many') next.add(index);
      else if (step === 'skip' || same(step.value, value)) next.add(index + 1);
    }
    at = skipped(next, steps);
  }
  return at.has(steps.length);
}

/** With each step that skips many, the one behind it too: many may be none. */
function skipped(at: Set<number>, steps: readonly HeaderStep[]): Set<number> {
  for (const index of at) if (steps[index] === 'skip-many') at.add(index + 1);
  return at;
}

const same = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : a.length === b.length && Buffer.compare(a, b) === 0;
