import fc from 'fast-check';
import { pieceFor } from '../../../src/log/finds.ts';
import type { KafkaRecord } from '../../../src/protocol/kafka.ts';
import { filteringOf } from '../../../src/protocol/kafka-filters.ts';
import { ArrayRun } from '../../../src/run.ts';

const header = { name: 'h', value: Buffer.from('x') };
const runOf = (keys: readonly string[], costs = keys.map(() => 1)) =>
  new ArrayRun<KafkaRecord>(
    keys.map((key, index) => ({
      partition: 0,
      offset: BigInt(index * 2),
      timestamp: 0n,
      key: Buffer.from(key),
      value: null,
      headers: index % 3 === 0 ? [header] : [],
      aborted: false,
    })),
    costs,
  );

const filters = {
  keys: [[{ key: Buffer.from('a') }], [{ key: Buffer.from('b') }]],
  header: [[{ header }]],
  both: [[{ key: Buffer.from('a') }, { header }]],
};
const filtering = (name: keyof typeof filters) =>
  filteringOf(filters[name]) as NonNullable<ReturnType<typeof filteringOf>>;

describe('what a filter finds in a run', () => {
  it('is what it accepts, as far as a balance goes, whoever asked before', () => {
    const asked = fc.record({
      name: fc.constantFrom('keys' as const, 'header' as const, 'both' as const),
      start: fc.nat(11),
      stop: fc.integer({ min: 1, max: 12 }),
      balance: fc.integer({ min: 1, max: 20 }),
    });
    const records = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 3 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(records, fc.array(asked, { maxLength: 9 }), (list, asks) => {
        const run = runOf(
          list.map(([key]) => key),
          list.map(([, cost]) => cost),
        );
        for (const { name, start, stop, balance } of asks) {
          if (start >= Math.min(stop, run.length)) continue;
          const filter = filtering(name);
          const piece = pieceFor(run, filter, start, Math.min(stop, run.length), balance);
          const looked = Array.from({ length: piece.stop - start }, (_, index) => start + index);
          const accepted = looked.filter((index) => filter.accepts(run.at(index)));
          const sent = piece.frame?.payload;
          expect(Array.from({ length: sent?.length ?? 0 }, (_, index) => sent?.at(index).offset)).toEqual(
            accepted.map((index) => run.at(index).offset),
          );
          const costs = accepted.map((index) => run.cost(index));
          const reserved = costs.reduce((sum, cost) => sum + cost, 0);
          expect(piece.frame?.reserved ?? 0).toBe(reserved);
          expect(reserved - (costs.at(-1) ?? 0)).toBeLessThan(balance);
          if (reserved < balance) expect(piece.stop).toBe(Math.min(stop, run.length));
          expect(piece.next).toBe(run.at(piece.stop - 1).offset + 1n);
          const last = accepted.at(-1);
          if (last === undefined) continue;
          expect([piece.sent, piece.passed]).toEqual([run.at(last).offset + 1n, piece.stop - 1 - last]);
        }
      }),
    );
  });

  it('is one piece for all with the same filter, from the second that asks on', () => {
    const run = runOf(['a', 'c', 'b', 'a']);
    const ask = (name: keyof typeof filters, start = 0, balance = 9) =>
      pieceFor(run, filtering(name), start, 4, balance).frame;
    const [, second, third, fourth] = [ask('keys'), ask('keys'), ask('keys'), ask('keys')];
    expect(third).toBe(second);
    expect(fourth).toBe(second);
    expect(ask('both')).not.toBe(second);
    expect(ask('keys', 2)?.payload.length).toBe(2);
  });

  it('is not what a balance has cut short for another', () => {
    const run = runOf(['a', 'a', 'a', 'a']);
    const ask = (balance: number) => pieceFor(run, filtering('keys'), 0, 4, balance).frame?.payload.length;
    expect([2, 2, 2, 9, 9, 3, 9].map(ask)).toEqual([2, 2, 2, 4, 4, 3, 4]);
  });
});
