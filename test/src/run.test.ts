import fc from 'fast-check';
import { cut, data, keep, records } from '../../src/index.ts';

describe('cut', () => {
  it('leaves alone what the balance covers', () => {
    expect(cut(records(['a', 'b']), 2)).toBeUndefined();
    expect(cut(data(new Uint8Array(2), 2), 2)).toBeUndefined();
  });

  it('cuts bytes to the byte', () => {
    const [head, rest] = cut(data(new Uint8Array([1, 2, 3]), 3), 2) ?? [];
    expect([head, rest]).toEqual([data(new Uint8Array([1, 2]), 2), data(new Uint8Array([3]), 1)]);
  });

  it('never cuts a payload that is one record', () => {
    expect(cut(data('one', 100), 1)).toBeUndefined();
  });

  it('cuts a run where the balance ends, so that only the last record overdraws it, and loses nothing', () => {
    const costs = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(costs, fc.integer({ min: 1, max: 60 }), (list, balance) => {
        const whole = records(list, (cost) => cost);
        const [head, rest] = cut(whole, balance) ?? [whole];
        const of = (frame: typeof whole) =>
          Array.from({ length: frame.payload.length }, (_, index) => frame.payload.at(index));
        expect([...of(head), ...(rest ? of(rest) : [])]).toEqual(list);
        expect(head.reserved - (of(head).at(-1) ?? 0)).toBeLessThan(balance);
        if (rest) expect(head.reserved).toBeGreaterThanOrEqual(balance);
        for (const part of rest ? [head, rest] : [head]) {
          expect(part.reserved).toBe(of(part).reduce((sum, cost) => sum + cost, 0));
        }
      }),
    );
  });
});

describe('keep', () => {
  it('copies bytes that are a small part of what they pin', () => {
    const batch = new Uint8Array(1_000_000);
    const kept = keep(data(batch.subarray(10, 20), 10));
    expect(kept.payload.buffer.byteLength).toBe(10);
    expect(kept.reserved).toBe(10);
  });

  it('does not copy what is most of what it pins, nor a payload that pins nothing', () => {
    const most = data(new Uint8Array(100).subarray(0, 90), 90);
    const run = records(['a']);
    expect(keep(most)).toBe(most);
    expect(keep(run)).toBe(run);
    expect(keep(data('one', 1)).payload).toBe('one');
  });
});

describe('a run', () => {
  const run = records(['a', 'b', 'c', 'd'], (text) => text.charCodeAt(0)).payload;

  it('is read by index, with costs', () => {
    expect([run.length, run.at(1), run.cost(1)]).toEqual([4, 'b', 98]);
  });

  it('is sliced and picked from, costs along', () => {
    expect([run.slice(1, 3).at(0), run.slice(1, 3).length, run.slice(1, 3).cost(1)]).toEqual(['b', 2, 99]);
    expect([run.pick([0, 3]).at(1), run.pick([0, 3]).length, run.pick([0, 3]).cost(1)]).toEqual(['d', 2, 100]);
  });
});
