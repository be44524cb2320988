import type { Filter } from '../../../src/protocol/kafka.ts';
import { GROUPS, LAST, LAST_KEY } from './records.ts';

/** What a reader asks for, and what of that a witness looks at: the numbers of keys and groups, with a not. */
export interface Wanted {
  readonly keys?: readonly number[];
  readonly group?: number;
  readonly isNot?: boolean;
}

/** The filters that ask for it, and for the last records of partitions. */
export function filtersOf({ keys, group, isNot = false }: Wanted): readonly Filter[] {
  if (keys === undefined && group === undefined) return [];
  const asked = group === undefined ? [] : [{ header: { name: 'group', value: Buffer.from(`${group % GROUPS}`) } }];
  const grouped = isNot ? asked.map((not) => ({ not })) : asked;
  const all = keys === undefined ? [grouped] : keys.map((key) => [{ key: Buffer.from(`k${key}`) }, ...grouped]);
  return [...all, [{ key: Buffer.from(LAST) }]];
}

/** Whether it is asked for. */
export function isWanted({ keys, group, isNot = false }: Wanted, key: number, ofGroup: number): boolean {
  if (key === LAST_KEY) return true;
  if (keys !== undefined && !keys.includes(key)) return false;
  return group === undefined || (ofGroup === group) !== isNot;
}
