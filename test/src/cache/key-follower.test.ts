import { EMPTY, Subject, throwError } from 'rxjs';
import { KeyFollower } from '../../../src/cache/key-follower.ts';
import { KeyTable } from '../../../src/cache/key-index.ts';
import { SluiceError } from '../../../src/errors.ts';
import type { Chunk } from '../../../src/log/log.ts';
import type { KafkaRecord } from '../../../src/protocol/kafka.ts';
import { runOf } from '../../../src/records/record-run.ts';
import { Clock } from '../kafka/clock.ts';
import { batch } from './batches.ts';

const chunkOf = (from: bigint, ...keys: string[]): Chunk<KafkaRecord> => {
  const records = batch(
    from,
    keys.map((key) => [key, 'v'] as const),
  );
  const run = runOf(records, { partition: 0, aborted: false, cap: 1 << 20, place: 'test' });
  return { from, to: from + BigInt(keys.length), run };
};

describe('what keeps a key index', () => {
  it('should say of it that it is not whole where records are lost', () => {
    const gap = { mark: 'gap', partition: 0, from: 0n, to: 1n, reason: 'corrupt' } as const;
    const indexed = (first: Chunk<KafkaRecord>): KeyTable => {
      const table = new KeyTable(Buffer.alloc(16));
      const peek = (offset: bigint): Chunk<KafkaRecord> => (offset === 0n ? first : chunkOf(1n, 'b'));
      const log = { start: () => 0n, end: () => 2n, peek, load: () => EMPTY, advanced: () => {}, failed: () => {} };
      new KeyFollower(table, 0n, log, new Clock()).wake();
      return table;
    };
    expect(indexed(chunkOf(0n, 'a')).isPartial).toBe(false);
    expect(indexed({ from: 0n, to: 1n, run: undefined, gap }).isPartial).toBe(true);
  });

  it('should rest where the log cannot be read for now, and tell of a defect', () => {
    const told = (thrown: unknown): unknown[] => {
      const defects: unknown[] = [];
      const log = {
        ...{ start: () => 0n, end: () => 1n, peek: () => undefined, load: () => throwError(() => thrown) },
        ...{ advanced: () => {}, failed: (defect: unknown) => defects.push(defect) },
      };
      const follower = new KeyFollower(new KeyTable(Buffer.alloc(16)), 0n, log, new Clock());
      let isRested = false;
      follower.rested.subscribe(() => {
        isRested = true;
      });
      follower.wake();
      expect(isRested).toBe(true);
      return defects;
    };
    expect(told(new SluiceError('CACHE_CORRUPT', 'a row'))).toEqual([]);
    const defect = new TypeError('a defect');
    expect(told(defect)).toEqual([defect]);
  });

  it('should go on from the start of the log if that moves while it reads what goes', () => {
    let start = 0n;
    const reading = new Subject<Chunk<KafkaRecord>>();
    const table = new KeyTable(Buffer.alloc(16));
    const follower = new KeyFollower(
      table,
      0n,
      {
        start: () => start,
        end: () => 2n,
        peek: (offset) => (offset >= 1n ? chunkOf(1n, 'b') : undefined),
        load: () => reading,
        advanced: () => {},
        failed: (thrown) => {
          throw thrown;
        },
      },
      new Clock(),
    );
    follower.wake();
    start = 1n;
    follower.wake();
    reading.complete();
    expect([follower.position, table.newest(Buffer.from('b'))]).toEqual([2n, 1n]);
  });
});
