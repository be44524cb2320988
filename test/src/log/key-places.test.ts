import fc from 'fast-check';
import { KeyPlaces, keyPlaces } from '../../../src/log/key-places.ts';
import { ArrayRun } from '../../../src/run.ts';

const letter = fc.constantFrom('a', 'b', 'c', 'dd', '', null);
const bytes = (key: string | null): Uint8Array | null => (key === null ? null : Buffer.from(key));
const runOf = (keys: readonly (string | null)[]) =>
  new ArrayRun(keys.map((key, index) => ({ partition: 0, offset: BigInt(index), key: bytes(key) })));

describe('the places of keys', () => {
  it('are all that have them, in order', () => {
    fc.assert(
      fc.property(
        fc.array(letter, { minLength: 1 }),
        fc.uniqueArray(letter, { minLength: 1 }),
        fc.nat(9),
        fc.nat(99),
        (keys, asked, start, stop) => {
          const wanted = asked.filter((key) => key !== null);
          const found = new KeyPlaces(runOf(keys)).of(
            wanted.map((key) => Buffer.from(key)),
            start,
            stop,
          );
          expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
          expect(found.every((place) => place >= start && place < stop && place < keys.length)).toBe(true);
          const all = [...keys.keys()].filter(
            (place) => place >= start && place < stop && wanted.includes(keys[place] as never),
          );
          expect(all.filter((place) => !found.includes(place))).toEqual([]);
        },
      ),
    );
  });

  it('are mostly those only', () => {
    const places = new KeyPlaces(runOf(Array.from({ length: 4_096 }, (_, index) => `key ${index}`)));
    expect(places.of([Buffer.from('key 7')], 0, 4_096).length).toBeLessThan(20);
  });

  it('are found from the second time on', () => {
    const run = runOf(['a']);
    expect(keyPlaces(run)).toBeUndefined();
    const places = keyPlaces(run);
    expect(places?.of([Buffer.from('a')], 0, 1)).toEqual([0]);
    expect(keyPlaces(run)).toBe(places);
  });
});
