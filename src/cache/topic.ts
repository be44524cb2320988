import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  forkJoin,
  ignoreElements,
  type Observable,
  of,
  type SchedulerLike,
  tap,
} from 'rxjs';
import type { CacheEvent } from './events.ts';
import type { FollowedLogs, Remembered } from './following/followed-log.ts';
import { restoreKeys } from './key-snapshots.ts';
import { topicKey } from './keys.ts';
import type { Memory } from './memory.ts';
import { damaged, openPartition } from './open-partition.ts';
import { Partition } from './partition.ts';
import type { Restored } from './partition-changes.ts';
import { PartitionStore } from './partition-store.ts';
import { seal } from './sealed.ts';
import { freshState } from './state.ts';
import type { Store } from './store.ts';
import { topicConfig } from './topic-config.ts';
import { UpkeptPartition } from './upkept-partition.ts';

export interface TopicOptions {
  readonly store: Store;
  readonly directory: string;
  readonly memory: Memory;
  readonly scheduler: SchedulerLike;
  readonly maxInflated: number;
  readonly secret: Uint8Array;
  readonly isEmbedded: boolean;
  readonly notify: (event: CacheEvent) => void;
}

/** A topic as a store has it. */
export interface StoredTopic {
  readonly name: string;
  /** What its rows go by. */
  readonly number: number;
  /** Those of which something is stored. */
  readonly partitions: readonly number[];
  readonly remembered: Remembered | undefined;
}

/** The logs of one topic, open. */
export class Topic implements FollowedLogs {
  readonly name: string;
  readonly #options: TopicOptions;
  readonly #number: number;
  readonly #partitions = new Map<number, Partition>();
  readonly #upkept: UpkeptPartition[] = [];
  #remembered: Remembered | undefined;

  constructor({ name, number, remembered }: StoredTopic, options: TopicOptions) {
    this.name = name;
    this.#number = number;
    this.#options = options;
    this.#remembered = remembered;
  }

  get remembered(): Remembered | undefined {
    return this.#remembered;
  }

  get patience(): number {
    const { isCompacted, deleteRetentionMs } = this.#config;
    return isCompacted ? deleteRetentionMs : Number.POSITIVE_INFINITY;
  }

  get isCompacted(): boolean {
    return this.#config.isCompacted;
  }

  /** Those that are open, by number. */
  get partitions(): ReadonlyMap<number, Partition> {
    return this.#partitions;
  }

  /** The same, as they are kept from growing. */
  get upkept(): readonly UpkeptPartition[] {
    return this.#upkept;
  }

  remember(topic: Remembered): Observable<void> {
    const key = topicKey(this.#number);
    const value = seal(key, Buffer.from(JSON.stringify({ name: this.name, ...topic })));
    return this.#options.store.write([{ key, value }]).pipe(
      tap(() => {
        this.#remembered = topic;
        for (const partition of this.#partitions.values()) partition.compact(this.isCompacted);
      }),
    );
  }

  /** The log of a partition. Of one that was not there when the topic was opened nothing is stored. */
  partition(partition: number): Partition {
    const known = this.#partitions.get(partition);
    if (known !== undefined) return known;
    const place = { topic: this.#number, partition, generation: 0 };
    return this.#add(new PartitionStore(this.#options.store, place, freshState(this.name), [], []));
  }

  /** Opens partitions of which something may be stored; completes once their keys are known. Errors with CACHE_DAMAGED. */
  open(partitions: readonly number[]): Observable<never> {
    return concat(...partitions.map((partition) => this.#open(partition))).pipe(ignoreElements());
  }

  /** Ends the logs for their readers, and stores what their indexes have seen. */
  close(): Observable<void> {
    const all = [...this.#partitions.values()];
    const saved = all.map((partition) => partition.saveKeys().pipe(catchError(() => EMPTY)));
    return concat(
      ...saved,
      defer(() => {
        for (const partition of all) partition.close();
        return of(undefined);
      }),
    );
  }

  #open(partition: number): Observable<void> {
    const { store, secret, directory, isEmbedded, notify } = this.#options;
    return openPartition(store, this.name, { topic: this.#number, partition }).pipe(
      concatMap(({ partition: data, isDamaged }) => {
        if (isDamaged && isEmbedded) throw damaged(directory, `the state of ${data.name}`);
        const { begin, end } = data.state;
        if (isDamaged) notify({ event: 'corrupt', topic: this.name, partition, from: begin, to: end });
        const keys = this.isCompacted ? restoreKeys(store, data.place, secret) : of(undefined);
        return forkJoin([of(data), keys]);
      }),
      concatMap(([data, restored]) => this.#add(data, restored).ready()),
    );
  }

  #add(data: PartitionStore, restored?: Restored): Partition {
    const { store: _, directory: __, ...options } = this.#options;
    const partition = new Partition(
      { ...options, data, isCompacted: this.isCompacted, topicId: () => this.#remembered?.topicId ?? '' },
      restored,
    );
    this.#partitions.set(data.partition, partition);
    this.#upkept.push(new UpkeptPartition(partition, () => this.#config));
    return partition;
  }

  get #config(): ReturnType<typeof topicConfig> {
    return topicConfig(this.#remembered?.configs ?? {});
  }
}
