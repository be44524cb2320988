import type { Isolation } from '../../protocol/kafka.ts';
import { type FetchedPartition, type FetchPosition, type FetchRequest, fetch, fetchByName } from '../requests/fetch.ts';
import { NO_TOPIC_ID } from '../requests/metadata.ts';

/** What is asked for of a partition. */
export interface Want {
  readonly offset: bigint;
  readonly leaderEpoch: number;
  /** The epoch of the record before `offset`; -1 where it is not known. */
  readonly lastEpoch: number;
  /** The most bytes of records, except that one batch comes whole. */
  readonly maxBytes: number;
  /** Whether the broker is to answer at once, even with nothing. */
  readonly isUrgent: boolean;
}

/** One reader of one partition, in the eyes of the fetcher of its leader. */
export interface Fetched {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly isolation: Isolation;
  /** What to ask for now; nothing while there is enough. */
  want(): Want | undefined;
  /** @param isEmpty whether the broker had nothing at all for those that it was asked for with this one */
  receive(answer: FetchedPartition, isEmpty: boolean): void;
  fail(thrown: unknown): void;
}

/** A request that is being put together, for each partition once. */
export class Asked {
  readonly #isolation: Isolation;
  readonly #hasIds: boolean;
  readonly #wants = new Map<string, { readonly reader: Fetched; readonly want: Want }>();
  isUrgent = false;

  constructor({ isolation, topicId }: Fetched) {
    this.#isolation = isolation;
    this.#hasIds = topicId !== NO_TOPIC_ID;
  }

  get readers(): Fetched[] {
    return [...this.#wants.values()].map(({ reader }) => reader);
  }

  takes(reader: Fetched): boolean {
    const isAlike = reader.isolation === this.#isolation && (reader.topicId !== NO_TOPIC_ID) === this.#hasIds;
    return isAlike && !this.#wants.has(this.#keyOf(reader));
  }

  add(reader: Fetched, want: Want): void {
    this.#wants.set(this.#keyOf(reader), { reader, want });
    this.isUrgent ||= want.isUrgent;
  }

  readerOf(topic: string, partition: number): Fetched | undefined {
    return this.#wants.get(`${topic}/${partition}`)?.reader;
  }

  request(maxWaitMs: number, maxBytes: number): [typeof fetch, FetchRequest] {
    const topics = new Map<string, { topic: string; topicId: string; partitions: FetchPosition[] }>();
    for (const { reader, want } of this.#wants.values()) {
      const { topic, topicId, partition } = reader;
      const { offset, leaderEpoch, lastEpoch, maxBytes: most } = want;
      const entry = topics.get(topicId + topic) ?? { topic, topicId, partitions: [] };
      entry.partitions.push({ partition, offset, leaderEpoch, lastEpoch, maxBytes: most });
      topics.set(topicId + topic, entry);
    }
    const request = { maxWaitMs, minBytes: 1, maxBytes, isolation: this.#isolation, topics: [...topics.values()] };
    return [this.#hasIds ? fetch : fetchByName, request];
  }

  #keyOf({ topic, topicId, partition }: Fetched): string {
    return `${this.#hasIds ? topicId : topic}/${partition}`;
  }
}
