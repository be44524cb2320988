import fc from 'fast-check';
import { ArrayRun, cut, type Data, data, keep, type Parts, type Run, records } from '../../src/index.ts';

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

describe('cutting a long run again and again', () => {
  it('reads the cost of each record once, and copies none', () => {
    const list = Array.from({ length: 2_000 }, (_, index) => index);
    let read = 0;
    class Counting extends ArrayRun<number> {
      override cost(index: number): number {
        read += 1;
        return super.cost(index);
      }
      override slice(start: number, end: number) {
        return new Counting(list, undefined, (this.at(0) as number) + start, (this.at(0) as number) + end);
      }
    }
    let rest: Data<Run<number>> | undefined = data(new Counting(list), list.length);
    const seen: number[] = [];
    while (rest !== undefined) {
      const parts: Parts<Run<number>> | undefined = cut(rest, 1);
      seen.push((parts?.[0] ?? rest).payload.at(0));
      rest = parts?.[1];
    }
    expect(seen).toEqual(list);
    expect(read).toBeLessThanOrEqual(list.length);
  });
});

describe('keep', () => {
  it('copies bytes that are a small part of what they pin', () => {
    const batch = new Uint8Array(1_000_000);
    const kept = keep(data(batch.subarray(10, 20), 10));
    expect(kept.payload.buffer.byteLength).toBe(10);
    expect(kept.reserved).toBe(10);
  });

  it('lets go of the array of which a run is a small part', () => {
    const whole = records(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']).payload;
    const part = data(whole.slice(2, 3), 1);
    const kept = keep(part);
    expect(kept.payload).not.toBe(part.payload);
    expect([kept.payload.length, kept.payload.at(0), kept.payload.cost(0), kept.reserved]).toEqual([1, 'c', 1, 1]);
    expect(keep(data(whole.slice(0, 2), 2)).payload.length).toBe(2);
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
    expect([run.slice(1, 4).slice(1, 3).at(1), run.slice(1, 4).pick([2]).at(0)]).toEqual(['d', 'd']);
    expect([run.pick([0, 3]).at(1), run.pick([0, 3]).length, run.pick([0, 3]).cost(1)]).toEqual(['d', 2, 100]);
  });
});
