import type { Observable } from 'rxjs';
import type { RecordBatch } from '../protocol/kafka-batch.ts';
import type { Arrived } from './arrived.ts';
import type { Cleanable } from './cleanable.ts';
import type { Cleaned } from './cleaned.ts';
import type { Holds } from './holds.ts';
import type { KeyTable } from './key-index.ts';
import { later } from './offsets.ts';
import type { Partition } from './partition.ts';
import type { RowMeta } from './row.ts';
import type { TopicConfig } from './topic-config.ts';
import type { Upkept } from './upkeep.ts';

/** A partition, as it is cleaned and kept from growing. */
export class UpkeptPartition implements Upkept, Cleanable {
  readonly #partition: Partition;
  readonly #config: () => TopicConfig;

  constructor(partition: Partition, config: () => TopicConfig) {
    this.#partition = partition;
    this.#config = config;
  }

  get name(): string {
    return `${this.#partition.topic}/${this.#partition.partition}`;
  }

  get config(): TopicConfig {
    return this.#config();
  }

  get cleanable(): Cleanable | undefined {
    return this.#partition.index && this;
  }

  get generation(): number {
    return this.#partition.state.generation;
  }

  get rows(): readonly RowMeta[] {
    return this.#partition.rows;
  }

  get passes(): readonly Cleaned[] {
    return this.#partition.state.passes;
  }

  get lastStableOffset(): bigint {
    return this.#partition.offsets.lastStableOffset;
  }

  get table(): KeyTable {
    return this.#partition.index as KeyTable;
  }

  get holds(): Holds {
    return this.#partition.holds;
  }

  isAborted(batch: RecordBatch): boolean {
    return this.#partition.isAborted(batch);
  }

  read(row: RowMeta): Observable<readonly RecordBatch[] | undefined> {
    return this.#partition.read(row);
  }

  rewrite(rows: readonly RowMeta[], batches: readonly Arrived[], removed: bigint): Observable<boolean> {
    return this.#partition.rewrite(rows, batches, ({ tombstones, rewritten }) => ({
      tombstones: later(tombstones, removed),
      rewritten: later(rewritten, rows.at(-1)?.to ?? 0n),
    }));
  }

  passed(passes: readonly Cleaned[], voidless: bigint): Observable<void> {
    return this.#partition.passed(this.generation, passes, voidless);
  }

  trim(logStart: bigint): Observable<void> {
    return this.#partition.trim(logStart);
  }

  get abandoned(): number {
    return this.#partition.abandoned;
  }

  reclaim(to: bigint): Observable<void> {
    return this.#partition.reclaim(to);
  }
}
