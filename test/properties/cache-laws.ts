import type FastCheck from 'fast-check';
import { KeyTable } from '../../src/cache/key-index.ts';
import { SnapshotReader, snapshotOf } from '../../src/cache/key-snapshot.ts';
import { CacheModel, HOUR } from './cache-model.ts';

export interface CacheLawsOptions {
  readonly test: (name: string, body: () => void) => unknown;
  readonly fc: typeof FastCheck;
}

/** What holds of the log of a cache, and of its index, whatever happens to it. */
export function cacheLaws({ test, fc }: CacheLawsOptions): void {
  const key = fc.constantFrom('a', 'b', 'c', '', null);
  const records = fc
    .array(fc.tuple(key, fc.option(fc.constant('v'), { freq: 2 })), { minLength: 1, maxLength: 4 })
    .map((all) => all.map(([name, value], n) => [name, name === null ? `${n}` : value && `${value}${n}`] as const));
  const producer = fc.bigInt(1n, 3n);
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        append: records,
        isLarge: fc.boolean(),
        producer: fc.option(producer, { nil: undefined }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ mark: fc.constantFrom('commit' as const, 'abort' as const), of: producer }) },
    { weight: 6, arbitrary: fc.constant('clean' as const) },
    { weight: 3, arbitrary: fc.record({ wait: fc.constantFrom(HOUR / 2, HOUR + 1) }) },
    { weight: 1, arbitrary: fc.record({ trim: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ deleteRecords: fc.double({ min: 0, max: 1, noNaN: true }) }) },
    { weight: 1, arbitrary: fc.constant('reopen' as const) },
    { weight: 2, arbitrary: fc.constantFrom('read' as const, 'conflate' as const, 'snapshot' as const) },
    { weight: 6, arbitrary: fc.record({ proceed: fc.nat(), by: fc.integer({ min: 1, max: 8 }) }) },
  );

  test('log: loses nothing that is committed, serves nothing that is not, and tells what went', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const model = new CacheModel();
        for (const one of steps) {
          if (one === 'clean') model.clean();
          else if (one === 'reopen') model.reopen();
          else if (one === 'snapshot') model.snapshot();
          else if (one === 'read' || one === 'conflate') model.read(one === 'conflate');
          else if ('append' in one) model.append(one.append, one.isLarge, one.producer);
          else if ('mark' in one) model.mark(one.of, one.mark);
          else if ('wait' in one) model.clock.advance(one.wait);
          else if ('trim' in one) model.trim(one.trim);
          else if ('deleteRecords' in one) model.deleteRecords(one.deleteRecords);
          else {
            const reader = model.readers[one.proceed % Math.max(1, model.readers.length)];
            if (reader !== undefined) model.proceed(reader, one.by);
          }
          model.check();
          nothing(model.broken);
        }
        for (const reader of model.readers) model.proceed(reader, Number.POSITIVE_INFINITY);
        nothing(model.broken);
      }),
    );
  });

  test('index: is a map of keys to their newest offsets', () => {
    const change = fc.oneof(
      fc.record({ add: fc.nat(9), offset: fc.nat(99) }),
      fc.record({ remove: fc.nat(9) }),
      fc.record({ below: fc.nat(99) }),
      fc.constant('snapshot' as const),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        const map = new Map<string, number>();
        let table = new KeyTable(SECRET);
        for (const one of changes) {
          if (one === 'snapshot') table = restored(table);
          else if ('below' in one) {
            for (let page = 0; page < table.pages.length; page += 1) table.removeBelow(page, one.below);
            for (const [name, newest] of map) if (newest < one.below) map.delete(name);
          } else if ('add' in one) {
            for (const name of names(one.add)) {
              table.add(Buffer.from(name), one.offset);
              map.set(name, Math.max(one.offset, map.get(name) ?? 0));
            }
          } else {
            for (const name of names(one.remove)) {
              const newest = map.get(name) ?? 0;
              if (table.remove(Buffer.from(name), newest + 1)) throw new Error(`${name} was removed`);
              if (table.remove(Buffer.from(name), newest) !== map.delete(name))
                throw new Error(`${name} was not removed`);
            }
          }
        }
        if (table.size !== map.size) throw new Error(`${table.size} keys, not ${map.size}`);
        for (const name of Array.from({ length: 10 }, (_, n) => [...names(n)]).flat()) {
          const [found, newest] = [table.newest(Buffer.from(name)), map.get(name)];
          if (found !== (newest === undefined ? undefined : BigInt(newest))) throw new Error(`${name} is at ${found}`);
        }
      }),
      { numRuns: 30 },
    );
  });
}

const SECRET = Buffer.from('0123456789abcdef');

/** So many keys that a table of them has several pages and segments. */
function* names(group: number): Generator<string> {
  for (let n = 0; n < 400; n += 1) yield `key ${group} ${n}`;
}

function restored(table: KeyTable): KeyTable {
  const reader = new SnapshotReader(SECRET);
  for (const part of snapshotOf(table, 0n, SECRET)) if (!reader.add(part)) throw new Error('a part is refused');
  if (reader.done === undefined) throw new Error('a snapshot has no end');
  return reader.done.table;
}

function nothing(broken: readonly string[]): void {
  if (broken.length > 0) throw new Error(broken.join('; '));
}
