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
        fc.nat(9),
        fc.nat(99),
        (keys, asked, from, start, stop) => {
          const wanted = asked.filter((key) => key !== null);
          const found = new KeyPlaces(runOf(keys), Math.min(from, start)).of(
            wanted.map((key) => Buffer.from(key)),
            start,
            stop,
          );
          const all = [...keys.keys()].filter((place) => place >= start && place < stop);
          expect([...found]).toEqual(all.filter((place) => wanted.includes(keys[place] as never)));
        },
      ),
    );
  });

  it('are told apart however many keys there are', () => {
    const places = new KeyPlaces(runOf(Array.from({ length: 9_000 }, (_, index) => `key ${index % 3_000}`)), 0);
    expect(places.keys.map((key) => `${key}`)).toEqual(Array.from({ length: 3_000 }, (_, index) => `key ${index}`));
    for (const [number, key] of places.keys.entries()) {
      const found = [number, number + 3_000, number + 6_000];
      expect([...places.of([key], 0, 9_000)]).toEqual(found);
      expect([...places.at(number, number + 1, number + 6_000)]).toEqual([number + 3_000]);
    }
  });

  it('are found once for a run, but for those that stand before', () => {
    const run = runOf(['a', 'b', 'a']);
    const places = keyPlaces(run, 1);
    expect(keyPlaces(run, 1)).toBe(places);
    expect(keyPlaces(run, 2)).toBe(places);
    expect([...places.of([Buffer.from('a')], 1, 3)]).toEqual([2]);
    expect([...keyPlaces(run, 0).of([Buffer.from('a')], 0, 3)]).toEqual([0, 2]);
  });
});
