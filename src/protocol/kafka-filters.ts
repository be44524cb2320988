import type { Condition, Filter, Header, HeaderStep, KafkaRecord } from './kafka.ts';

/** Whether a record is one that filters accept: those of a list are ORed, the conditions of each ANDed. */
export type Matcher = (record: Pick<KafkaRecord, 'key' | 'headers'>) => boolean;

/** What accepts the records that `filters` do; `undefined` where they accept everything. */
export function matcherOf(filters: readonly Filter[] = []): Matcher | undefined {
  if (filters.length === 0) return undefined;
  return (record) => filters.some((filter) => filter.every((condition) => holds(condition, record)));
}

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
