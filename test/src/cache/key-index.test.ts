import fc from 'fast-check';
import { KeyHash } from '../../../src/cache/key-hash.ts';
import { KeyTable, NONE, PAGE } from '../../../src/cache/key-index.ts';
import { SnapshotReader, snapshotOf } from '../../../src/cache/key-snapshot.ts';
import { SlotTable } from '../../../src/cache/slot-table.ts';

const secret = Buffer.from('0123456789abcdef');
const keyOf = (n: number): Buffer => Buffer.from(`key-${n}`);

function filled(keys: number, offsetOf = (n: number): number => n): KeyTable {
  const table = new KeyTable(secret);
  for (let n = 0; n < keys; n += 1) table.add(keyOf(n), offsetOf(n));
  return table;
}

describe('the hash of keys', () => {
  // The reference implementation's vectors of Chaskey-12: its key, and the hashes of so many bytes 0, 1, 2 and so on.
  const words = (...all: readonly number[]): Buffer => Buffer.from(Uint32Array.from(all).buffer);
  const key = words(0x833d3433, 0x009f389f, 0x2398e64f, 0x417acf39);

  it.each([
    [0, [0x43cb1f41, 0x51eba0c2, 0xff0a8ac3, 0x7ee3f642]],
    [1, [0xf9ac2067, 0x9c35a846, 0x441aad3d, 0x777b7330]],
    [15, [0x03cfb44b, 0x283c8163, 0xfca71448, 0xc40a0aea]],
    [16, [0x5dd0e2a9, 0xfb5eac8c, 0x633a392e, 0x500c36f3]],
    [17, [0x8b5f6d5a, 0x202314f6, 0x22092368, 0x9639e606]],
    [32, [0x77962784, 0x07c647fa, 0xdd752c0f, 0xd2f5a799]],
    [63, [0x2dd072e1, 0x42b89efe, 0xfb26b615, 0x049aa451]],
  ])('should be that of the standard for %i bytes', (length, expected) => {
    const hash = new KeyHash(key);
    hash.hash(Uint8Array.from({ length }, (_, n) => n));
    expect([hash.a, hash.b, hash.c, hash.d].map((word) => word >>> 0)).toEqual(expected);
  });

  it('should depend on the secret', () => {
    const hashes = [secret, Buffer.alloc(16)].map((one) => {
      const hash = new KeyHash(one);
      hash.hash(keyOf(1));
      return hash.a;
    });
    expect(hashes[0]).not.toBe(hashes[1]);
    expect(() => new KeyHash(Buffer.alloc(15))).toThrow(RangeError);
  });
});

describe('the slots of a key index', () => {
  it('should find what it has, whatever collides', () => {
    const hash = fc.oneof(fc.integer(), fc.constantFrom(1, 2, 3, 1_022, 1_023, 1_024 + 1, 2_047, -1));
    const step = fc.oneof(fc.record({ add: hash }), fc.record({ remove: fc.nat() }), fc.record({ burst: hash }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const hashes: number[] = [];
        const held = new Set<number>();
        const slots = new SlotTable((entry) => hashes[entry] as number);
        const add = (one: number): void => {
          held.add(hashes.length);
          slots.add(one, hashes.push(one) - 1);
        };
        for (const one of steps) {
          if ('add' in one) add(one.add);
          else if ('burst' in one) for (let n = 0; n < 60; n += 1) add((one.burst ^ (n * 0x9e3779b1)) | 0);
          else {
            const entry = [...held][one.remove % Math.max(1, held.size)];
            if (entry === undefined) continue;
            slots.delete(hashes[entry] as number, entry);
            held.delete(entry);
          }
        }
        const wrong = hashes.filter((its, entry) => {
          const found: number[] = [];
          for (let at = slots.first(its); at !== NONE; at = slots.next()) found.push(at);
          return found.includes(entry) !== held.has(entry) || new Set(found).size !== found.length;
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a key index', () => {
  it('should know the newest offset of a key, and never go back', () => {
    const table = new KeyTable(secret);
    expect(table.newest(keyOf(1))).toBeUndefined();
    const entry = table.add(keyOf(1), 5);
    expect(table.add(keyOf(1), 9)).toBe(entry);
    expect(table.add(keyOf(1), 7)).toBe(entry);
    expect([table.newest(keyOf(1)), table.newestOf(entry), table.size]).toEqual([9n, 9, 1]);
  });

  it('should tell keys apart that are empty, alike or long', () => {
    const keys = ['', '\0', '\0\0', 'a', 'a\0', 'x'.repeat(16), 'x'.repeat(17), 'x'.repeat(5_000)];
    const table = new KeyTable(secret);
    for (const [n, key] of keys.entries()) table.add(Buffer.from(key), n);
    expect(keys.map((key) => table.newest(Buffer.from(key)))).toEqual(keys.map((_, n) => BigInt(n)));
  });

  it('should change its version when an answer does, and only then', () => {
    const table = new KeyTable(secret);
    const versions = [() => table.add(keyOf(1), 5), () => table.add(keyOf(1), 4), () => table.remove(keyOf(1), 5)].map(
      (step) => {
        step();
        return table.version;
      },
    );
    expect(versions).toEqual([1, 1, 2]);
  });

  it('should give the entry of a key away only when it is removed', () => {
    const table = filled(3_000);
    expect(table.remove(keyOf(7), 6)).toBe(false);
    const entry = table.entryOf(keyOf(7));
    expect([table.removals, table.remove(keyOf(7), 7), table.removals]).toEqual([0, true, 1]);
    expect([table.newest(keyOf(7)), table.newestOf(entry)]).toEqual([undefined, NONE]);
    expect(table.add(keyOf(5_000), 5_000)).toBe(entry);
  });

  it('should forget what is below the log start', () => {
    const table = filled(3_000);
    for (let page = 0; page < table.pages.length; page += 1) table.removeBelow(page, 2_500);
    expect([table.size, table.newest(keyOf(2_499)), table.newest(keyOf(2_500))]).toEqual([500, undefined, 2_500n]);
  });

  it('should take at most 40 bytes a key as it grows', () => {
    const table = new KeyTable(secret);
    let most = 0;
    for (let n = 0; n < 200_000; n += 1) {
      table.add(keyOf(n), n);
      if (n > 20_000) most = Math.max(most, table.bytes / table.size);
    }
    expect(most).toBeLessThan(40);
  });

  it('should be a map of keys to offsets, whatever is added and removed', () => {
    const key = fc.nat({ max: 300 });
    const step = fc.oneof(
      fc.record({ add: key, offset: fc.nat() }),
      fc.record({ remove: key }),
      fc.record({ below: fc.nat() }),
      fc.constant('snapshot' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        let table = new KeyTable(secret);
        const map = new Map<number, number>();
        for (const one of steps) {
          if (one === 'snapshot') table = restored([...snapshotOf(table, 0n, secret)])?.table as KeyTable;
          else if ('add' in one) {
            table.add(keyOf(one.add), one.offset);
            map.set(one.add, Math.max(one.offset, map.get(one.add) ?? 0));
          } else if ('remove' in one) {
            const newest = map.get(one.remove);
            expect(table.remove(keyOf(one.remove), newest ?? 0)).toBe(newest !== undefined);
            map.delete(one.remove);
          } else {
            for (let page = 0; page < table.pages.length; page += 1) table.removeBelow(page, one.below);
            for (const [n, newest] of map) if (newest < one.below) map.delete(n);
          }
        }
        expect(table.size).toBe(map.size);
        const all = Array.from({ length: 301 }, (_, n) => n);
        expect(all.map((n) => table.newest(keyOf(n)))).toEqual(
          all.map((n) => (map.has(n) ? BigInt(map.get(n) as number) : undefined)),
        );
      }),
    );
  });
});

function restored(parts: readonly Uint8Array[], under = secret): SnapshotReader['done'] {
  const reader = new SnapshotReader(under);
  return parts.every((part) => reader.add(part)) ? reader.done : undefined;
}

describe('a snapshot of a key index', () => {
  const table = filled(3_000, (n) => n * 2);
  table.remove(keyOf(100), 200);
  const parts = [...snapshotOf(table, 1n << 40n, secret)];

  it('should give the index back and say what it covers', () => {
    const { table: again, covers } = restored(parts) ?? {};
    expect([covers, again?.size, again?.newest(keyOf(99)), again?.newest(keyOf(100))]).toEqual([
      1n << 40n,
      2_999,
      198n,
      undefined,
    ]);
  });

  it('should be that of an index without keys, too', () => {
    expect(restored([...snapshotOf(new KeyTable(secret), 7n, secret)])).toMatchObject({
      covers: 7n,
      table: { size: 0 },
    });
  });

  it('should be refused when a bit of it is not what was written', () => {
    fc.assert(
      fc.property(fc.nat({ max: parts.length - 1 }), fc.nat(), fc.nat({ max: 7 }), (which, at, bit) => {
        const broken = parts.map((part) => Buffer.from(part));
        const part = broken[which] as Buffer;
        const byte = at % part.byteLength;
        part[byte] = (part[byte] as number) ^ (1 << bit);
        expect(restored(broken)).toBeUndefined();
      }),
    );
  });

  it.each<[string, readonly Uint8Array[]]>([
    ['a part is missing', parts.slice(1)],
    ['its last part is missing', parts.slice(0, -1)],
    ['parts changed places', parts.toReversed()],
    ['a part is cut', [(parts[0] as Uint8Array).subarray(1), ...parts.slice(1)]],
    ['parts are of two snapshots', [...parts.slice(0, 1), ...[...snapshotOf(table, 5n, secret)].slice(1)]],
  ])('should be refused when %s', (_, given) => {
    expect(restored(given)).toBeUndefined();
  });

  it('should be refused under another secret', () => {
    expect(restored(parts, Buffer.alloc(16))).toBeUndefined();
  });

  it('should have a part for every page', () => {
    expect(parts.length).toBe(Math.ceil(3_000 / PAGE));
  });
});
