import type { Isolation } from '../../protocol/kafka.ts';
import { NONE } from '../kafka-errors.ts';
import { type Answer, type Api, api } from './api.ts';
import { isolationLevel } from './isolation.ts';
import type { Reader } from './reader.ts';

export interface FetchPosition {
  readonly partition: number;
  readonly offset: bigint;
  /** The epoch of the leader that is meant; -1, the default, for any. A broker of another one answers an error. */
  readonly leaderEpoch?: number;
  /** The epoch of the record before `offset`; -1, the default, where it is not known. Tells of a truncated log. */
  readonly lastEpoch?: number;
  readonly maxBytes: number;
}

export interface FetchRequest {
  /** How long the broker may wait for `minBytes`, in milliseconds; 0 for not at all. */
  readonly maxWaitMs: number;
  readonly minBytes: number;
  /** At most so many bytes of records, except that a first batch which is larger comes whole (KIP-74). */
  readonly maxBytes: number;
  readonly isolation: Isolation;
  /** In the order in which they are filled. By id, but for `fetchByName`, which wants the name. */
  readonly topics: readonly {
    readonly topic: string;
    readonly topicId: string;
    readonly partitions: readonly FetchPosition[];
  }[];
  /** Of this client, to be told of a replica that is nearer (KIP-392). */
  readonly rack?: string;
}

export interface FetchedPartition {
  readonly partition: number;
  readonly error: number;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
  /** Where the log of the leader parts from what was read: it was truncated below the offset that was asked for. */
  readonly diverging: { readonly epoch: number; readonly endOffset: bigint } | undefined;
  /** Who leads now, where the error says that this broker does not. */
  readonly leader: { readonly id: number; readonly epoch: number } | undefined;
  /** Transactions that were aborted, each from its first offset to its marker; none unless read committed. */
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  /** The id of a nearer replica to fetch from; -1 for none. */
  readonly preferredReplica: number;
  /** Whole record batches, and maybe a part of one at the end: a view of the response. */
  readonly records: Uint8Array;
}

export interface FetchAnswer extends Answer {
  /** Of the request as a whole; those of partitions stand with them. */
  readonly error: number;
  readonly topics: readonly {
    /** The id that was asked for, or the name by `fetchByName`. */
    readonly topic: string;
    readonly partitions: readonly FetchedPartition[];
  }[];
}

const BY_ID = 13;

/** Records by topic id (schemas FetchRequest and FetchResponse, v13), without a fetch session. */
export const fetch: Api<FetchRequest, FetchAnswer> = api<FetchRequest, FetchAnswer>({
  key: 1,
  name: 'Fetch',
  versions: [BY_ID, BY_ID],
  flexible: 12,
  parks: ({ maxWaitMs }) => maxWaitMs > 0,
  request(to, { maxWaitMs, minBytes, maxBytes, isolation, topics, rack = '' }, version) {
    to.int32(-1);
    to.int32(maxWaitMs);
    to.int32(minBytes);
    to.int32(maxBytes);
    to.int8(isolationLevel(isolation));
    to.int32(0);
    to.int32(-1);
    to.structs(topics, ({ topic, topicId, partitions }) => {
      if (version < BY_ID) to.string(topic);
      else to.uuid(topicId);
      to.structs(partitions, ({ partition, leaderEpoch = -1, offset, lastEpoch = -1, maxBytes: most }) => {
        to.int32(partition);
        to.int32(leaderEpoch);
        to.int64(offset);
        to.int32(lastEpoch);
        to.int64(-1n);
        to.int32(most);
      });
    });
    to.structs([], () => {});
    to.string(rack);
    to.tags();
  },
  response(from, version) {
    const throttleMs = from.int32();
    const error = from.int16();
    from.int32();
    const topics = from.structs(() => ({
      topic: version < BY_ID ? from.string() : from.uuid(),
      partitions: from.array(() => fetchedPartition(from)),
    }));
    from.tags();
    return { throttleMs, error, topics };
  },
});

/** As `fetch`, by name (v12): for a cluster whose topics have no ids. */
export const fetchByName: Api<FetchRequest, FetchAnswer> = { ...fetch, versions: [12, 12] };

function fetchedPartition(from: Reader): FetchedPartition {
  let diverging: FetchedPartition['diverging'];
  let leader: FetchedPartition['leader'];
  const read = {
    partition: from.int32(),
    error: from.int16(),
    highWatermark: from.int64(),
    lastStableOffset: from.int64(),
    logStartOffset: from.int64(),
    aborted: from.structs(() => ({ producerId: from.int64(), firstOffset: from.int64() })),
    preferredReplica: from.int32(),
    records: from.bytes(),
  };
  const { error, highWatermark, lastStableOffset } = read;
  // Whoever waits for such an end waits forever.
  if (error === NONE && lastStableOffset > highWatermark) {
    throw new RangeError(`a last stable offset, ${lastStableOffset}, beyond the high watermark, ${highWatermark}`);
  }
  from.tags((tag) => {
    if (tag === 0) diverging = { epoch: from.int32(), endOffset: from.int64() };
    if (tag === 1) leader = { id: from.int32(), epoch: from.int32() };
  });
  return { ...read, diverging, leader };
}
