import type { KafkaGap, KafkaReplyBegin, Progress } from '../protocol/kafka.ts';

/**
 * How far a stream has read, which is enough to resume it: plain data, fit for JSON. What it does not list begins at its
 * earliest record.
 */
export interface MessageProgress {
  /** Tells a topic from one that was made later under the same name; absent where the binding does not know it. */
  readonly topicId?: string;
  /** The next offset, in decimal digits, by partition. */
  readonly offsets: Readonly<Record<string, string>>;
}

interface Move {
  readonly before: Move | undefined;
  readonly partition: number;
  readonly offset: bigint;
}

/** Where a stream stood at some moment, which never changes. */
export class Stand {
  readonly #topicId: string | undefined;
  readonly #offsets: ReadonlyMap<number, bigint>;
  /** Of a topic that has been made again since: partitions of which records of the former one may still come. */
  readonly #former: ReadonlySet<number>;
  /** What has changed since `offsets`, the last first. */
  readonly #moves: Move | undefined;

  constructor(
    topicId: string | undefined,
    offsets: ReadonlyMap<number, bigint> = new Map(),
    former: ReadonlySet<number> = new Set(),
    moves?: Move,
  ) {
    this.#topicId = topicId;
    this.#offsets = offsets;
    this.#former = former;
    this.#moves = moves;
  }

  /** How many partitions it may list before the moves. */
  get size(): number {
    return this.#offsets.size;
  }

  /** The same, with a partition read up to `offset`. */
  moved(partition: number, offset: bigint): Stand {
    if (this.#former.has(partition)) return this;
    return new Stand(this.#topicId, this.#offsets, this.#former, { before: this.#moves, partition, offset });
  }

  /** The same, without a way to go back through. */
  settled(): Stand {
    return new Stand(this.#topicId, this.#list(), this.#former);
  }

  /** Told by a partition that the topic was made again. The first to tell of it speaks for all, whose offsets mean nothing now. */
  recreated(partition: number, topicId: string | undefined): Stand {
    const former = new Set(this.#former.has(partition) ? this.#former : this.#list().keys());
    const isFirst = !this.#former.has(partition);
    former.delete(partition);
    return isFirst
      ? new Stand(topicId, new Map(), former)
      : new Stand(this.#topicId, this.#offsets, former, this.#moves);
  }

  get progress(): MessageProgress {
    const offsets = Object.fromEntries([...this.#list()].map(([partition, offset]) => [partition, String(offset)]));
    return this.#topicId === undefined ? { offsets } : { topicId: this.#topicId, offsets };
  }

  #list(): Map<number, bigint> {
    const list = new Map<number, bigint>();
    for (let move = this.#moves; move !== undefined; move = move.before) {
      if (!list.has(move.partition)) list.set(move.partition, move.offset);
    }
    for (const [partition, offset] of this.#offsets) if (!list.has(partition)) list.set(partition, offset);
    return list;
  }
}

/** Follows how far a stream has read. A step costs the same however many partitions there are. */
export class Track {
  #stand = new Stand(undefined);
  #steps = 0;

  /** Where the stream stands. */
  get stand(): Stand {
    return this.#stand;
  }

  begin(begin: KafkaReplyBegin): void {
    if (begin.api !== 'merged' && begin.api !== 'fetch') return;
    const partitions = begin.api === 'merged' ? begin.partitions : [begin];
    this.#stand = new Stand(begin.topicId, new Map(partitions.map(({ partition, offset }) => [partition, offset])));
  }

  move(partition: number, offset: bigint): void {
    const moved = this.#stand.moved(partition, offset);
    this.#steps += 1;
    const isFar = this.#steps > moved.size + LEAST_STEPS;
    if (isFar) this.#steps = 0;
    this.#stand = isFar ? moved.settled() : moved;
  }

  progress({ offsets }: Progress): void {
    for (const [partition, offset] of offsets) this.move(partition, offset);
  }

  gap({ partition, to, reason, topicId }: KafkaGap): void {
    if (reason === 'recreated') this.#stand = this.#stand.recreated(partition, topicId);
    else this.move(partition, to);
  }
}

const LEAST_STEPS = 16;
