import type { Filter } from '../../../src/protocol/kafka.ts';
import { filteringOf } from '../../../src/protocol/kafka-filters.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const steps = (values: Extract<Filter[number], { headers: unknown }>['headers']['values']): Filter => [
  { headers: { name: 'h', values } },
];

describe('a filtering', () => {
  it('has the name of those that accept the same', () => {
    const name = (filter: Filter) => filteringOf([filter])?.name;
    expect(name([{ key: bytes('é') }])).toBe(name([{ key: Buffer.from('é') }]));
    const others: Filter[] = [
      [{ key: bytes('a') }],
      [{ key: bytes('b') }],
      [{ key: null }],
      [{ key: bytes('null') }],
      [{ not: { key: bytes('a') } }],
      [{ header: { name: 'a', value: bytes('a') } }],
      [{ header: { name: 'a', value: bytes('') } }],
      [{ key: bytes('a') }, { header: { name: 'a', value: bytes('a') } }],
      steps(['skip']),
      steps(['skip-many']),
      steps([{ value: bytes('skip') }]),
      steps([]),
    ];
    expect(new Set(others.map(name)).size).toBe(others.length);
    expect(filteringOf(others)?.name).not.toBe(filteringOf(others, 'eager')?.name);
  });

  it('goes by keys alone where nothing else is asked', () => {
    const isByKey = (...filters: Filter[]) => filteringOf(filters)?.isByKey;
    expect(isByKey([{ key: bytes('a') }], [{ key: bytes('b') }])).toBe(true);
    expect(isByKey([{ key: bytes('a') }], [{ key: null }])).toBe(false);
    expect(isByKey([{ key: bytes('a') }, { header: { name: 'a', value: bytes('a') } }])).toBe(false);
    expect(isByKey([{ not: { key: bytes('a') } }])).toBe(false);
  });
});
