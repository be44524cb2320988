import type { Acks } from '../../protocol/kafka.ts';
import type { Piece } from '../pieces.ts';
import { type Answer, api } from './api.ts';

export interface ProduceRequest {
  readonly acks: Acks;
  /** How long the broker may wait for the acks of others, in milliseconds. */
  readonly timeoutMs: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      /** One record batch, in pieces, which are sent as they are. */
      readonly records: readonly Piece[];
    }[];
  }[];
}

export interface ProducedPartition {
  readonly partition: number;
  readonly error: number;
  /** The offset of the batch's first record; -1 if it was not written. */
  readonly baseOffset: bigint;
  /** The broker's time in milliseconds since 1970, where the topic has that for timestamps; else -1. */
  readonly logAppendTime: bigint;
  readonly logStartOffset: bigint;
  /** Which records, counted from 0 in the batch, are why it was refused (KIP-467). */
  readonly recordErrors: readonly { readonly index: number; readonly message: string | null }[];
  readonly message: string | null;
}

export interface ProduceAnswer extends Answer {
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly ProducedPartition[] }[];
}

const ACKS: Readonly<Record<Acks, number>> = { none: 0, leader: 1, all: -1 };

/**
 * Record batches, without a transaction (schemas ProduceRequest and ProduceResponse, v9 to v11). With acks none the
 * broker answers nothing, whatever becomes of them.
 */
export const produce = api<ProduceRequest, ProduceAnswer>({
  key: 0,
  name: 'Produce',
  versions: [9, 11],
  flexible: 9,
  answered: ({ acks }) => acks !== 'none',
  request(to, { acks, timeoutMs, topics }) {
    to.string(null);
    to.int16(ACKS[acks]);
    to.int32(timeoutMs);
    to.structs(topics, ({ topic, partitions }) => {
      to.string(topic);
      to.structs(partitions, ({ partition, records }) => {
        to.int32(partition);
        to.pieces(records);
      });
    });
    to.tags();
  },
  response(from) {
    const topics = from.structs(() => ({
      topic: from.string(),
      partitions: from.structs(() => ({
        partition: from.int32(),
        error: from.int16(),
        baseOffset: from.int64(),
        logAppendTime: from.int64(),
        logStartOffset: from.int64(),
        recordErrors: from.structs(() => ({ index: from.int32(), message: from.nullableString() })),
        message: from.nullableString(),
      })),
    }));
    const throttleMs = from.int32();
    from.tags();
    return { throttleMs, topics };
  },
});
