import fc from 'fast-check';
import { type AbortedTransaction, type OpenTransactions, Transactions } from '../../../src/cache/transactions.ts';
import type { RecordBatch } from '../../../src/protocol/kafka-batch.ts';
import { batch, marker, type Producer } from './batches.ts';

const A: Producer = { id: 1n, epoch: 0 };
const B: Producer = { id: 2n, epoch: 0 };
const two = [
  ['k', 'v'],
  ['l', 'w'],
] as const;

/** The last stable offset after each of the batches. */
function stable(transactions: Transactions, batches: readonly RecordBatch[]): bigint[] {
  return batches.map((one) => {
    transactions.append(one, 'test/0');
    return transactions.lastStableOffset;
  });
}

describe('the transactions of a partition', () => {
  it('should decide what is in none at once', () => {
    expect(stable(new Transactions(5n), [batch(5n, two), batch(9n, two)])).toEqual([7n, 11n]);
  });

  it('should hold what follows an open transaction back until its marker comes', () => {
    const transactions = new Transactions(0n);
    const data = batch(0n, two, { producer: A });
    expect(stable(transactions, [data, batch(2n, two), marker(4n, A, 'commit')])).toEqual([0n, 0n, 5n]);
    expect(transactions.isAborted(data)).toBe(false);
  });

  it('should hold back up to the oldest of several', () => {
    const batches = [
      batch(0n, two, { producer: A }),
      batch(2n, two, { producer: B }),
      batch(4n, two, { producer: A }),
      marker(6n, A, 'abort'),
      marker(7n, B, 'commit'),
    ];
    const transactions = new Transactions(0n);
    expect(stable(transactions, batches)).toEqual([0n, 0n, 0n, 2n, 8n]);
    expect(batches.map((one) => transactions.isAborted(one))).toEqual([true, false, true, false, false]);
  });

  it('should tell the aborted from the committed transactions of one producer', () => {
    const transactions = new Transactions(0n);
    const outcomes = ['abort', 'commit', 'abort', 'abort', 'commit'] as const;
    const data = outcomes.map((outcome, n) => {
      const one = batch(BigInt(n * 3), two, { producer: A });
      transactions.append(one, 'test/0');
      transactions.append(marker(BigInt(n * 3 + 2), A, outcome), 'test/0');
      return one;
    });
    expect(data.map((one) => transactions.isAborted(one))).toEqual([true, false, true, true, false]);
    expect(transactions.isAborted(batch(0n, two))).toBe(false);
  });

  it('should know of a batch within which the log starts that its transaction was aborted since', () => {
    const transactions = new Transactions(0n);
    const data = batch(0n, two, { producer: A });
    transactions.append(data, 'test/0');
    transactions.drop(1n);
    transactions.append(marker(2n, A, 'abort'), 'test/0');
    expect(transactions.isAborted(data)).toBe(true);
  });

  it('should pass markers by that come without data', () => {
    const transactions = new Transactions(3n);
    const batches = [marker(3n, A, 'abort'), marker(4n, A, 'commit'), batch(5n, two)];
    expect(stable(transactions, batches)).toEqual([4n, 5n, 7n]);
    expect(transactions.append(marker(7n, A, 'abort'), 'test/0')).toBeUndefined();
  });

  it('should end a transaction by the marker of a higher epoch, and not by that of a lower', () => {
    const data = batch(0n, two, { producer: { id: 1n, epoch: 4 } });
    const transactions = new Transactions(0n);
    const fenced = marker(2n, { id: 1n, epoch: 3 }, 'commit');
    const fencing = marker(3n, { id: 1n, epoch: 5 }, 'abort');
    expect(stable(transactions, [data, fenced, fencing])).toEqual([0n, 0n, 4n]);
    expect(transactions.isAborted(data)).toBe(true);
  });

  it('should let a higher epoch go on with what is open, as the broker does', () => {
    const transactions = new Transactions(0n);
    const first = batch(0n, two, { producer: A });
    const second = batch(2n, two, { producer: { id: 1n, epoch: 1 } });
    expect(stable(transactions, [first, second, marker(4n, A, 'commit')])).toEqual([0n, 0n, 0n]);
    expect(stable(transactions, [marker(5n, { id: 1n, epoch: 1 }, 'abort')])).toEqual([6n]);
    expect([first, second].map((one) => transactions.isAborted(one))).toEqual([true, true]);
  });

  it('should open nothing with a batch that compaction emptied', () => {
    const empty = { ...batch(0n, two, { producer: A }), count: 0 };
    expect(stable(new Transactions(0n), [empty, batch(2n, two)])).toEqual([2n, 4n]);
  });

  it('should begin what is open at the log start when that passes it', () => {
    const transactions = new Transactions(0n);
    stable(transactions, [batch(0n, two, { producer: A }), batch(2n, two, { producer: A }), batch(4n, two)]);
    transactions.drop(2n);
    expect(transactions.lastStableOffset).toBe(2n);
    expect(transactions.append(marker(6n, A, 'abort'), 'test/0')).toEqual({
      producerId: 1n,
      firstOffset: 2n,
      markerOffset: 6n,
    });
    transactions.drop(7n);
    expect(transactions.isAborted(batch(2n, two, { producer: A }))).toBe(false);
  });

  it('should refuse a control batch that cannot be read, and change nothing', () => {
    const transactions = new Transactions(0n);
    stable(transactions, [batch(0n, two, { producer: A })]);
    const whole = marker(2n, A, 'commit');
    const broken = { ...whole, bytes: whole.bytes.subarray(0, 63) };
    expect(() => transactions.append(broken, 'test/0')).toThrow(
      expect.objectContaining({ code: 'KAFKA_RECORD_BATCH' }),
    );
    expect([transactions.end, transactions.lastStableOffset]).toEqual([2n, 0n]);
  });
});

const step = fc.record({
  producer: fc.integer({ min: 0, max: 3 }),
  what: fc.constantFrom('data', 'data', 'plain', 'commit', 'abort', 'fence', 'reopen', 'hole'),
});

describe('whatever is appended', () => {
  it('should decide every record once, in offset order, as its marker says', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const epochs = [0, 0, 0, 0];
        const aborts: AbortedTransaction[] = [];
        const data: { readonly batch: RecordBatch; readonly group: { fate: string } }[] = [];
        const open = new Map<number, { fate: string; from: bigint }>();
        let transactions = new Transactions(0n);
        let next = 0n;
        for (const { producer: n, what } of steps) {
          const before = transactions.lastStableOffset;
          const producer = (): Producer => ({ id: BigInt(n), epoch: epochs[n] as number });
          const append = (one: RecordBatch): void => {
            const aborted = transactions.append(one, 'test/0');
            if (aborted !== undefined) aborts.push(aborted);
            next = one.lastOffset + 1n;
          };
          if (what === 'hole') next += 3n;
          else if (what === 'reopen') {
            const kept = JSON.parse(JSON.stringify(transactions.open)) as OpenTransactions;
            transactions = new Transactions(transactions.end, kept, aborts);
          } else if (what === 'plain' || what === 'data') {
            const one = batch(next, two, what === 'data' ? { producer: producer() } : {});
            const group =
              what === 'plain' ? { fate: 'commit', from: next } : (open.get(n) ?? { fate: 'open', from: next });
            if (what === 'data') open.set(n, group);
            data.push({ batch: one, group });
            append(one);
          } else {
            if (what === 'fence') epochs[n] = (epochs[n] as number) + 1;
            const outcome = what === 'commit' ? 'commit' : 'abort';
            const group = open.get(n);
            if (group !== undefined) group.fate = outcome;
            open.delete(n);
            append(marker(next, producer(), outcome));
          }
          const after = transactions.lastStableOffset;
          const oldest = [...open.values()].map(({ from }) => from).sort((a, b) => Number(a - b))[0];
          expect(after).toBe(oldest ?? transactions.end);
          expect(after).toBeGreaterThanOrEqual(before);
          for (const { batch: one, group } of data) {
            if (one.baseOffset >= before && one.baseOffset < after) {
              expect(group.fate).not.toBe('open');
              expect(transactions.isAborted(one)).toBe(group.fate === 'abort');
            }
          }
        }
      }),
    );
  });
});
