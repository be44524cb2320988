import type { Isolation } from '../../protocol/kafka.ts';
import { type Answer, api } from './api.ts';
import { isolationLevel } from './isolation.ts';

/** Timestamps that stand for something else. */
export const LATEST = -1n;
export const EARLIEST = -2n;
/** The record with the greatest timestamp (KIP-734). */
export const MAX_TIMESTAMP = -3n;

export interface ListOffsetsRequest {
  /** With `read_committed`, the end is the last stable offset. */
  readonly isolation: Isolation;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      /** -1, the default, for any. */
      readonly leaderEpoch?: number;
      /** Milliseconds since 1970, for the first record at or after it; or one of those above. */
      readonly timestamp: bigint;
    }[];
  }[];
}

export interface ListedOffset {
  readonly partition: number;
  readonly error: number;
  /** That of the record; -1 for EARLIEST and LATEST. */
  readonly timestamp: bigint;
  /** -1 where no record is that late. */
  readonly offset: bigint;
  readonly leaderEpoch: number;
}

export interface ListOffsetsAnswer extends Answer {
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly ListedOffset[] }[];
}

/** Offsets by time (schemas ListOffsetsRequest and ListOffsetsResponse, v7 to v9). Asked of the leader. */
export const listOffsets = api<ListOffsetsRequest, ListOffsetsAnswer>({
  key: 2,
  name: 'ListOffsets',
  versions: [7, 9],
  flexible: 6,
  request(to, { isolation, topics }) {
    to.int32(-1);
    to.int8(isolationLevel(isolation));
    to.structs(topics, ({ topic, partitions }) => {
      to.string(topic);
      to.structs(partitions, ({ partition, leaderEpoch = -1, timestamp }) => {
        to.int32(partition);
        to.int32(leaderEpoch);
        to.int64(timestamp);
      });
    });
    to.tags();
  },
  response(from) {
    const throttleMs = from.int32();
    const topics = from.structs(() => ({
      topic: from.string(),
      partitions: from.structs(() => ({
        partition: from.int32(),
        error: from.int16(),
        timestamp: from.int64(),
        offset: from.int64(),
        leaderEpoch: from.int32(),
      })),
    }));
    from.tags();
    return { throttleMs, topics };
  },
});
