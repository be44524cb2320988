import fc from 'fast-check';
import { filtersOf, type MessageFilter, type MessageFilters } from '../../../src/messages/filters.ts';
import { matcherOf } from '../../../src/protocol/kafka-filters.ts';

const b = (text: string) => Buffer.from(text);

describe('filters', () => {
  it.each<[MessageFilters, unknown]>([
    [{ key: 'a' }, [[{ key: b('a') }]]],
    [{ key: b('a') }, [[{ key: b('a') }]]],
    [{ key: null }, [[{ key: null }]]],
    [{ headers: { h: 'v' } }, [[{ header: { name: 'h', value: b('v') } }]]],
    [
      { key: 'a', headers: { h: 'v', i: 'w' } },
      [[{ key: b('a') }, { header: { name: 'h', value: b('v') } }, { header: { name: 'i', value: b('w') } }]],
    ],
    [
      { headers: { h: [{ value: 'v' }, 'skip', 'skip-many'] } },
      [[{ headers: { name: 'h', values: [{ value: b('v') }, 'skip', 'skip-many'] } }]],
    ],
    [{ not: { key: 'a' } }, [[{ not: { key: b('a') } }]]],
    [{ not: { not: { key: 'a' } } }, [[{ key: b('a') }]]],
    [{ not: [{ key: 'a' }, { key: 'b' }] }, [[{ not: { key: b('a') } }, { not: { key: b('b') } }]]],
    [
      { not: { key: 'a', headers: { h: 'v' } } },
      [[{ not: { key: b('a') } }], [{ not: { header: { name: 'h', value: b('v') } } }]],
    ],
    [
      [{ key: 'a' }, { key: 'b' }],
      [[{ key: b('a') }], [{ key: b('b') }]],
    ],
    [[], []],
    [{}, []],
    [[{ key: 'a' }, {}], []],
  ])('should compile %j', (filters, expected) => {
    expect(filtersOf(filters)).toEqual(expected);
  });

  it.each<MessageFilters>([{ not: {} }, { not: [] }, [{ not: {} }]])(
    'should refuse %j, which takes nothing',
    (filters) => {
      expect(() => filtersOf(filters)).toThrow('OPTION_INVALID: filters let nothing through');
    },
  );

  it.each<[unknown, string]>([
    [{ keyy: 'a' }, 'what filters say must be key or headers or not, not keyy'],
    [[{ key: 'a' }, { not: { header: {} } }], 'what filters say must be key or headers or not, not header'],
    [{ headers: { h: ['skipmany'] } }, 'a step of filters must be skip or skip-many, not skipmany'],
  ])('should refuse %j, which nothing is known by', (filters, why) => {
    expect(() => filtersOf(filters as MessageFilters)).toThrow(`OPTION_INVALID: ${why}`);
  });

  it('should refuse what comes to too many', () => {
    const two = { key: 'a', headers: { h: 'v' } };
    expect(() => filtersOf({ not: Array.from({ length: 20 }, () => two) })).toThrow('OPTION_INVALID: filters come to');
  });

  it('should take what it says, however it is nested', () => {
    const keys = ['a', 'b', null];
    const key = fc.constantFrom(...keys);
    const headers = fc.dictionary(fc.constantFrom('h', 'i'), fc.constantFrom('v', 'w'));
    const { filters } = fc.letrec<{ filter: MessageFilter; filters: MessageFilters }>((tie) => ({
      filter: fc.record({ key, headers, not: tie('filters') }, { requiredKeys: [] }),
      filters: fc.oneof(
        { maxDepth: 2 },
        fc.record({ key, headers }, { requiredKeys: [] }),
        tie('filter'),
        fc.array(tie('filter'), { maxLength: 2 }),
      ),
    }));
    type Record = { key: string | null; headers: { [name: string]: string } };
    const takes = (filters: MessageFilters, record: Record): boolean =>
      Array.isArray(filters)
        ? filters.length === 0 || filters.some((one) => takes(one, record))
        : one(filters as MessageFilter, record);
    const one = ({ key, headers = {}, not }: MessageFilter, record: Record): boolean =>
      (key === undefined || key === record.key) &&
      Object.entries(headers).every(([name, value]) => record.headers[name] === value) &&
      (not === undefined || !takes(not, record));
    fc.assert(
      fc.property(filters, fc.record({ key, headers }), (filters, record) => {
        const matches = ((): boolean => {
          try {
            const matcher = matcherOf(filtersOf(filters));
            const bytes = record.key === null ? null : b(record.key);
            const list = Object.entries(record.headers).map(([name, value]) => ({ name, value: b(value) }));
            return matcher === undefined || matcher({ key: bytes, headers: list });
          } catch (thrown) {
            fc.pre(!String(thrown).includes('come to more than'));
            expect(String(thrown)).toContain('let nothing through');
            return false;
          }
        })();
        expect(matches).toBe(takes(filters, record));
      }),
    );
  });
});
