import { SluiceError } from '../errors.ts';
import type { KafkaGap } from '../protocol/kafka.ts';
import { integer } from './bytes.ts';
import type { MessageProgress, Stand } from './track.ts';

/** What is said between messages, to those who ask for marks; where to resume behind each. */
export type MessageMark =
  /** Every partition that was there at first has been read up to where it ended then. */
  | { readonly mark: 'caught-up'; readonly progress: MessageProgress }
  /** How far was read, where no message says so. */
  | { readonly mark: 'progress'; readonly progress: MessageProgress }
  | GapMark;

/** Offsets that are not there to be read, from `from` up to, not including, `to`; all from `from` on if `recreated`. */
export class GapMark {
  readonly mark = 'gap';
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
  /** Such as `retention`, `truncated` or `recreated`. */
  readonly reason: string;
  readonly #stand: Stand;

  constructor(topic: string, { partition, from, to, reason }: KafkaGap, stand: Stand) {
    this.topic = topic;
    this.partition = partition;
    this.from = from;
    this.to = to;
    this.reason = reason;
    this.#stand = stand;
  }

  get progress(): MessageProgress {
    return this.#stand.progress;
  }

  toJSON(): object {
    const { mark, topic, partition, from, to, reason } = this;
    return { mark, topic, partition, from: integer(from), to: integer(to), reason };
  }

  /** In a sentence. */
  toString(): string {
    const { topic, partition, from, to, reason } = this;
    const offsets = from < to ? `offsets ${from} to ${to - 1n}` : `offset ${from} or those behind it`;
    return `${topic}/${partition} has no ${offsets}: ${reason}`;
  }
}

/** What a gap is to those who do not ask for marks. */
export const gapError = (gap: GapMark): SluiceError => new SluiceError('MESSAGE_GAP', String(gap), { cause: gap });
