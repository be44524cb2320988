import { defer, type Observable, of } from 'rxjs';
import type { Arrived } from '../../../src/cache/arrived.ts';
import type { Cleanable } from '../../../src/cache/cleanable.ts';
import type { Cleaned } from '../../../src/cache/cleaned.ts';
import { Holds } from '../../../src/cache/holds.ts';
import { KeyTable } from '../../../src/cache/key-index.ts';
import type { RowMeta } from '../../../src/cache/row.ts';
import { Transactions } from '../../../src/cache/transactions.ts';
import type { RecordBatch } from '../../../src/protocol/kafka-batch.ts';
import { runOf } from '../../../src/records/record-run.ts';

export interface Record {
  readonly offset: bigint;
  readonly key: string | null;
  readonly value: string | null;
}

interface MemoryRow extends RowMeta {
  readonly batches: readonly RecordBatch[];
}

/** A compacted log in memory, each batch in a row of its own until it is cleaned. */
export class MemoryLog implements Cleanable {
  readonly name = 'test/0';
  readonly generation = 0;
  readonly table = new KeyTable(Buffer.alloc(16, 7));
  readonly holds: Holds;
  /** Rows that cannot be read, by where they begin. */
  readonly corrupt = new Set<bigint>();
  tombstones = 0n;
  rows: readonly MemoryRow[] = [];
  passes: readonly Cleaned[] = [];
  /** Done between reading rows and putting others in their place. */
  meanwhile: () => void = () => {};
  readonly #transactions = new Transactions(0n);

  /** @param most how many superseded records it remembers for snapshots */
  constructor(most?: number) {
    this.holds = new Holds(most);
    this.table.superseded = (offset, by) => this.holds.superseded(offset, by);
  }

  get end(): bigint {
    return this.#transactions.end;
  }

  get lastStableOffset(): bigint {
    return this.#transactions.lastStableOffset;
  }

  /** A snapshot, which is taken at the end of what is decided by default. */
  hold(end = this.lastStableOffset): () => void {
    return this.holds.hold(end, this.lastStableOffset);
  }

  append(batch: RecordBatch): void {
    const before = this.lastStableOffset;
    this.#transactions.append(batch, this.name);
    this.rows = [...this.rows, rowOf(this.rows.at(-1)?.to ?? batch.baseOffset, batch.lastOffset + 1n, [batch])];
    for (const { offset, key } of this.committed())
      if (key !== null && offset >= before) this.table.add(Buffer.from(key), Number(offset));
  }

  isAborted(batch: RecordBatch): boolean {
    return this.#transactions.isAborted(batch);
  }

  read(row: RowMeta): Observable<readonly RecordBatch[] | undefined> {
    return of(this.corrupt.has(row.from) ? undefined : (row as MemoryRow).batches);
  }

  rewrite(rows: readonly RowMeta[], batches: readonly Arrived[], tombstones: bigint): Observable<boolean> {
    return defer(() => {
      this.meanwhile();
      const first = this.rows.indexOf(rows[0] as MemoryRow);
      if (first < 0 || !rows.every((row, index) => this.rows[first + index] === row)) return of(false);
      const { from } = rows[0] as RowMeta;
      const { to } = rows.at(-1) as RowMeta;
      const row = rowOf(
        from,
        to,
        batches.map(({ batch }) => batch),
      );
      this.rows = this.rows.toSpliced(first, rows.length, row);
      if (tombstones > this.tombstones) this.tombstones = tombstones;
      return of(true);
    });
  }

  passed(passes: readonly Cleaned[]): Observable<void> {
    return defer(() => {
      this.passes = passes;
      return of(undefined);
    });
  }

  trim(to: bigint): void {
    this.rows = this.rows.filter((row) => row.to > to);
    for (let page = 0; page < this.table.pages.length; page += 1) this.table.removeBelow(page, Number(to));
  }

  /** What is decided and not void, in offset order. */
  committed(): Record[] {
    return this.#records(
      ({ baseOffset, ...batch }) => baseOffset < this.lastStableOffset && !this.isAborted({ baseOffset, ...batch }),
    );
  }

  /** What is not decided, in offset order. */
  undecided(): Record[] {
    return this.#records(({ baseOffset }) => baseOffset >= this.lastStableOffset);
  }

  #records(isIn: (batch: RecordBatch) => boolean): Record[] {
    return this.rows
      .flatMap(({ batches }) => batches)
      .filter((batch) => !batch.isControl && isIn(batch))
      .flatMap((batch) => recordsOf(batch));
  }
}

const rowOf = (from: bigint, to: bigint, batches: readonly RecordBatch[]): MemoryRow => {
  const bytes = batches.reduce((sum, batch) => sum + batch.bytes.byteLength, 0);
  const times = batches.map((batch) => Number(batch.maxTimestamp));
  const maxTimestamp = BigInt(Math.max(-1, ...times));
  return { from, to, maxTimestamp, bytes, wire: bytes, records: 0, batches };
};

/** The records of a batch. */
export function recordsOf(batch: RecordBatch): Record[] {
  const run = runOf(batch, { partition: 0, aborted: false, cap: 1 << 20, place: 'test/0' });
  const text = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString();
  return Array.from({ length: run?.length ?? 0 }, (_, index) => {
    const { offset, key, value } = (run as NonNullable<typeof run>).at(index);
    return { offset, key: text(key), value: text(value) };
  });
}
