import { of } from 'rxjs';
import type { Partition } from '../../../src/cache/partition.ts';
import type { RecordBatch } from '../../../src/protocol/kafka-batch.ts';
import { batch, marker } from './batches.ts';
import { done, stand } from './open.ts';

/** Numbers from 0 up to, not including, 1 that are the same in every run. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

/** A topic at its source: batches of 1 to 40 records with values of many sizes, some of transactions that end one way or the other. */
export class Truth {
  readonly batches: RecordBatch[] = [];
  readonly committed: string[] = [];
  readonly uncommitted: string[] = [];
  readonly newest = new Map<string, bigint>();
  end = 0n;

  constructor(size: number, next: () => number) {
    const kinds = ['plain', 'plain', 'plain', 'commit', 'abort'] as const;
    while (this.batches.length < size) this.#add(kinds[Math.floor(next() * kinds.length)]!, next);
  }

  /** Follows it: fetches what a log does not have, so many batches at once, and says where it ends. */
  async feed(log: Partition, { batches = 3, appended = (): void => {} } = {}): Promise<void> {
    log.source = {
      resume: () => {},
      refetch: (from, to) =>
        of(this.batches.filter(({ lastOffset, baseOffset }) => lastOffset >= from && baseOffset < to)),
    };
    if (log.next === undefined) await done(log.begin(0n));
    await stand(log, this.end);
    const missing = this.batches.filter(({ lastOffset }) => lastOffset >= log.next!);
    for (let at = 0; at < missing.length; at += batches) {
      await done(log.append(missing.slice(at, at + batches)));
      appended();
    }
    await stand(log, this.end);
  }

  #add(kind: 'plain' | 'commit' | 'abort', next: () => number): void {
    const count = 1 + Math.floor(next() * 40);
    const first = this.end;
    const records = Array.from(
      { length: count },
      (_, n) => [`k${Math.floor(next() * 50)}`, `${first + BigInt(n)}`.padEnd(Math.floor(next() * 400), 'x')] as const,
    );
    const producer = { id: 9n, epoch: 0 };
    this.batches.push(batch(first, records, kind === 'plain' ? {} : { producer }));
    for (const [n, [key, value]] of records.entries()) {
      const offset = first + BigInt(n);
      this.uncommitted.push(`${kind === 'abort' ? '!' : ''}${offset}:${key}=${value}`);
      if (kind === 'abort') continue;
      this.committed.push(`${offset}:${key}=${value}`);
      this.newest.set(key, offset);
    }
    this.end += BigInt(count);
    if (kind === 'plain') return;
    this.batches.push(marker(this.end, producer, kind));
    this.end += 1n;
  }
}
