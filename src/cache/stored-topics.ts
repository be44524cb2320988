import { forkJoin, map, type Observable, reduce } from 'rxjs';
import type { Remembered } from './following/followed-log.ts';
import { dataOf, partitionOf, stateRange, topicOf, topicRange } from './keys.ts';
import { pages } from './open-partition.ts';
import { unseal } from './sealed.ts';
import { decodeState, type PartitionState } from './state.ts';
import type { Entry, Store } from './store.ts';
import type { StoredTopic } from './topic.ts';

/** The topics of a store, and the number that the next one gets: greater than any under which something is stored. */
export interface StoredTopics {
  readonly topics: readonly StoredTopic[];
  readonly next: number;
  /** The numbers of those of which the name cannot be read any more. */
  readonly nameless: readonly number[];
}

const HIGHEST = 0xffff_ffff;

/** Reads what is remembered of topics. Of one of which that cannot be read any more, the states of its partitions tell. */
export const storedTopics = (store: Store): Observable<StoredTopics> =>
  forkJoin([
    all(store, topicRange),
    all(store, stateRange),
    forkJoin(dataOf(0, HIGHEST).map((range) => store.list(range, 1, true))),
  ]).pipe(
    map(([topics, states, last]) => {
      const partitions = new Map<number, number[]>();
      const lost = new Map<number, PartitionState>();
      for (const { key, value } of states) {
        const number = topicOf(key);
        partitions.set(number, [...(partitions.get(number) ?? []), partitionOf(key)]);
        const content = unseal(key, value);
        if (content !== undefined) lost.set(number, decodeState(content));
      }
      const found = new Map<string, StoredTopic>();
      for (const { key, value } of topics) {
        const content = unseal(key, value);
        if (content === undefined) continue;
        const { name, ...remembered }: Remembered & { name: string } = JSON.parse(content.toString());
        const number = topicOf(key);
        lost.delete(number);
        found.set(name, { name, number, partitions: partitions.get(number) ?? [], remembered });
      }
      for (const [number, { topic: name, topicId }] of lost) {
        const known = partitions.get(number) ?? [];
        const remembered = { topicId, partitions: known, configs: undefined };
        if (!found.has(name)) found.set(name, { name, number, partitions: known, remembered });
      }
      const numbers = [...topics, ...states, ...last.flat()].map(({ key }) => topicOf(key));
      const named = new Set([...found.values()].map(({ number }) => number));
      const nameless = [...new Set([...topics, ...states].map(({ key }) => topicOf(key)))].filter(
        (one) => !named.has(one),
      );
      const next = 1 + numbers.reduce((most, number) => Math.max(most, number), 0);
      return { topics: [...found.values()], next, nameless };
    }),
  );

const all = (store: Store, range: Parameters<typeof pages>[1]): Observable<Entry[]> =>
  pages(store, range).pipe(reduce((list, entries) => list.concat(entries), [] as Entry[]));
