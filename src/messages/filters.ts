import { oneOf, SluiceError } from '../errors.ts';
import type { Condition, Filter, HeaderStep } from '../protocol/kafka.ts';
import { type Bytes, bytesOf } from './bytes.ts';

/** What a message must have: all that it says. */
export interface MessageFilter {
  /** `null` for those without one. */
  readonly key?: Bytes | null;
  /** By name: a value that one of the headers of that name has, or the steps through the values of all of them, in order. */
  readonly headers?: Readonly<Record<string, Bytes | readonly MessageHeaderStep[]>>;
  /** What it must not be. */
  readonly not?: MessageFilters;
}

/** This value, any one, or any number of any. */
export type MessageHeaderStep = { readonly value: Bytes } | 'skip' | 'skip-many';

/** One filter, or several, any of which takes a message. */
export type MessageFilters = MessageFilter | readonly MessageFilter[];

/** More come only of a `not` of lists of lists. */
const MOST = 1_024;

/** The filters that a stream is opened with; none accept everything. @throws SluiceError OPTION_INVALID */
export function filtersOf(filters: MessageFilters): readonly Filter[] {
  const list = anyOf(filters);
  if (list.length === 0 && !isEmpty(filters)) throw wrong('let nothing through');
  return list.some((filter) => filter.length === 0) ? [] : list;
}

const isList = (filters: MessageFilters): filters is readonly MessageFilter[] => Array.isArray(filters);

const isEmpty = (filters: MessageFilters): boolean => isList(filters) && filters.length === 0;

const anyOf = (filters: MessageFilters): readonly Filter[] =>
  isList(filters) ? filters.flatMap(filterOf) : filterOf(filters);

/** What a filter may say. */
const says = ['key', 'headers', 'not'] as const satisfies (keyof MessageFilter)[];

function filterOf(filter: MessageFilter): readonly Filter[] {
  const { key, headers = {}, not } = filter;
  for (const name of Object.keys(filter)) oneOf('what filters say', name, says);
  const conditions: Condition[] = Object.entries(headers).map(([name, value]) => headerOf(name, value));
  if (key !== undefined) conditions.unshift({ key: key === null ? null : bytesOf(key) });
  if (not === undefined) return [conditions];
  return allOf([[conditions], noneOf(isEmpty(not) ? [[]] : anyOf(not))]);
}

function headerOf(name: string, value: Bytes | readonly MessageHeaderStep[]): Condition {
  if (typeof value === 'string' || value instanceof Uint8Array) return { header: { name, value: bytesOf(value) } };
  return { headers: { name, values: value.map(stepOf) } };
}

const steps = ['skip', 'skip-many'] as const satisfies MessageHeaderStep[];

const stepOf = (step: MessageHeaderStep): HeaderStep =>
  typeof step === 'string' ? oneOf('a step of filters', step, steps) : { value: bytesOf(step.value) };

/** What takes what none of these do. */
const noneOf = (filters: readonly Filter[]): readonly Filter[] =>
  allOf(filters.map((filter) => filter.map((condition) => ['not' in condition ? condition.not : { not: condition }])));

/** What takes what each of these lists does. */
function allOf(lists: readonly (readonly Filter[])[]): readonly Filter[] {
  let all: readonly Filter[] = [[]];
  for (const list of lists) {
    if (all.length * list.length > MOST) throw wrong(`come to more than ${MOST}`);
    all = all.flatMap((before) => list.map((filter) => [...before, ...filter]));
  }
  return all;
}

const wrong = (why: string): SluiceError => new SluiceError('OPTION_INVALID', `filters ${why}`);
