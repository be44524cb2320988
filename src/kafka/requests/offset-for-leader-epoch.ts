import { type Answer, api } from './api.ts';

export interface OffsetForLeaderEpochRequest {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      /** The epoch of the leader that is meant; -1, the default, for any. */
      readonly leaderEpoch?: number;
      /** The epoch whose end is asked for. */
      readonly epoch: number;
    }[];
  }[];
}

export interface EpochEnd {
  readonly partition: number;
  readonly error: number;
  /** The greatest epoch in the log that is not above the one asked for; -1 where there is none. */
  readonly epoch: number;
  /** The offset behind the last record of that epoch; -1 where there is none. */
  readonly endOffset: bigint;
}

export interface OffsetForLeaderEpochAnswer extends Answer {
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly EpochEnd[] }[];
}

/**
 * Where an epoch ends in the log of the leader (schemas OffsetForLeaderEpochRequest and OffsetForLeaderEpochResponse,
 * v4): one that ends below what was read of it was truncated (KIP-320).
 */
export const offsetForLeaderEpoch = api<OffsetForLeaderEpochRequest, OffsetForLeaderEpochAnswer>({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [4, 4],
  flexible: 4,
  request(to, { topics }) {
    to.int32(-1);
    to.structs(topics, ({ topic, partitions }) => {
      to.string(topic);
      to.structs(partitions, ({ partition, leaderEpoch = -1, epoch }) => {
        to.int32(partition);
        to.int32(leaderEpoch);
        to.int32(epoch);
      });
    });
    to.tags();
  },
  response(from) {
    const throttleMs = from.int32();
    const topics = from.structs(() => ({
      topic: from.string(),
      partitions: from.structs(() => ({
        error: from.int16(),
        partition: from.int32(),
        epoch: from.int32(),
        endOffset: from.int64(),
      })),
    }));
    from.tags();
    return { throttleMs, topics };
  },
});
