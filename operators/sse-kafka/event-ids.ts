import type { KafkaGap, KafkaReplyBegin, Progress } from '../../src/protocol/kafka.ts';

/** The longest that an id may be, in bytes: what servers in between let pass. */
export const MOST_ID_BYTES = 8_192;

/** The longest that how far a client has come may be written, in bytes, so that it can stand in an id without a key. */
export const MOST_PROGRESS_BYTES = MOST_ID_BYTES - '[null,""]'.length;

/** Of an offset. */
export const MOST_DIGITS = 19;

/** How far a client had come that comes back. */
export interface Resume {
  /** Of the topic that the offsets are of; empty where it is not known. */
  readonly topicId: string;
  /** The next offset, by partition. */
  readonly offsets: ReadonlyMap<number, bigint>;
}

const PROGRESS = /^([\w-]*)((?:\.\d{1,10}:\d{1,19})+)$/;
const MOST_PARTITIONS = 2 ** 31;
const MOST_OFFSETS = 2n ** 63n;

/** Reads an id, with a key and a tag or without; `undefined` where it is none of ours. */
export function resumeOf(id: string): Resume | undefined {
  if (id.length > MOST_ID_BYTES) return undefined;
  const [, topicId = '', pairs] = PROGRESS.exec(progressOf(id)) ?? [];
  if (pairs === undefined) return undefined;
  const offsets = new Map<number, bigint>();
  for (const pair of pairs.slice(1).split('.')) {
    const [partition = '', offset = ''] = pair.split(':');
    if (Number(partition) >= MOST_PARTITIONS || BigInt(offset) >= MOST_OFFSETS) return undefined;
    offsets.set(Number(partition), BigInt(offset));
  }
  return { topicId, offsets };
}

/** Of `progress`, `progress/tag`, `["key","progress"]` or `["key","progress/tag"]`, the progress. */
function progressOf(id: string): string {
  const quoted = /^\[(?:null|"[\w=-]*"),"([^"]*)"\]$/.exec(id)?.[1];
  return (quoted ?? id).split('/', 1)[0] as string;
}

/**
 * How far a client was sent a topic, as the ids of its events tell it: `topicId.0:17.1:4` is the topic, and by partition the
 * next offset. The partition of an event stands last, so that all before it is written once while it alone moves.
 */
export class EventIds {
  #topicId = '';
  /** By partition `.partition:`, and the next offset. */
  readonly #offsets = new Map<number, bigint>();
  /** Of a topic that was made again since: partitions of which records of the former one may still come. */
  #former = new Set<number>();
  #prefix: string | undefined;
  #last = -1;

  begin({ topicId = '', partitions }: Extract<KafkaReplyBegin, { api: 'merged' }>): void {
    this.#topicId = topicId;
    for (const { partition, offset } of partitions) this.#offsets.set(partition, offset);
  }

  /** The id behind all that was sent; none where there is no partition yet. */
  get text(): string | undefined {
    return this.#offsets.size === 0 ? undefined : textOf(this.#topicId, this.#offsets);
  }

  /** Whether an id may be longer than there is room for, before there are ten times as many records. */
  get isTooLong(): boolean {
    return (this.text?.length ?? 0) + this.#offsets.size > MOST_PROGRESS_BYTES;
  }

  /** The id behind a record of a partition, but for the offset that comes next there. */
  before(partition: number): string {
    if (this.#prefix === undefined || this.#last !== partition) {
      const others = new Map(this.#offsets);
      others.delete(partition);
      this.#prefix = `${textOf(this.#topicId, others)}.${partition}:`;
      this.#last = partition;
    }
    return this.#prefix;
  }

  /** A partition was sent up to, not including, an offset. */
  move(partition: number, offset: bigint): void {
    if (this.#former.has(partition)) return;
    this.#offsets.set(partition, offset);
    if (partition !== this.#last) this.#prefix = undefined;
  }

  progress({ offsets }: Progress): void {
    for (const [partition, offset] of offsets) this.move(partition, offset);
  }

  /** The first partition to tell that the topic was made again speaks for all, whose offsets mean nothing now. */
  gap({ partition, to, reason, topicId = '' }: KafkaGap): void {
    if (reason !== 'recreated') return this.move(partition, to);
    if (!this.#former.has(partition)) {
      this.#topicId = topicId;
      this.#former = new Set(this.#offsets.keys());
      this.#offsets.clear();
    }
    this.#former.delete(partition);
    this.#offsets.set(partition, 0n);
    this.#prefix = undefined;
  }

  /** Whether records of a partition are those of a topic that is gone: they do not move the id. */
  isFormer(partition: number): boolean {
    return this.#former.has(partition);
  }
}

function textOf(topicId: string, offsets: ReadonlyMap<number, bigint>): string {
  let text = topicId;
  for (const [partition, offset] of offsets) text += `.${partition}:${offset}`;
  return text;
}
