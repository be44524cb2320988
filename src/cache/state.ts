import type { Cleaned } from './cleaned.ts';
import type { Standing } from './following/followed-log.ts';
import type { OpenTransactions } from './transactions.ts';

/** Why what was read of a log is not what is there. */
export type BreakReason = 'recreated' | 'truncated' | 'tombstones' | 'corrupt';

/** What is remembered of a partition, written with every append. */
export interface PartitionState {
  /** The topic's name, so that a store tells whose its rows are even if nothing else in it can be read. */
  readonly topic: string;
  /** The id of the topic that its records are of, as Kafka's tools print it; empty where there is none, or nothing is known. */
  readonly topicId: string;
  /** Counts how often all rows were dropped, which those that are left have in their keys. */
  readonly generation: number;
  /** Counts how often readers were to be told that what they read is not what is there. */
  readonly breaks: number;
  /** Whether it is known where the log begins. */
  readonly isBegun: boolean;
  /** Where the first row begins; rows leave no offset out from there to the end. */
  readonly begin: bigint;
  /** The first offset that can be read. */
  readonly logStart: bigint;
  /** The next offset to fetch. */
  readonly end: bigint;
  /** The leader's epoch of the last batch; -1 where there is none. */
  readonly lastEpoch: number;
  /** When it was begun, in milliseconds since 1970; 0 where it was not. */
  readonly begunAt: number;
  /** When it was level with its source last, in milliseconds since 1970; 0 for never. */
  readonly levelAt: number;
  /** Where its source stood when that was told last. */
  readonly standing: Standing | undefined;
  /** Below it, tombstones may have gone by when its source told first where it ends; `undefined` before that. */
  readonly filled: bigint | undefined;
  /** Below it, tombstones may have been removed by age. */
  readonly tombstones: bigint;
  /** When a cleaner went through it, the oldest first. */
  readonly passes: readonly Cleaned[];
  /** Below it, rows may be what a cleaner left of others; a pass that was cut short has left some, too. */
  readonly rewritten: bigint;
  readonly open: OpenTransactions;
  /** Whether any batch was of a transaction. */
  readonly isTransactional: boolean;
  /** The numbers of the aborted transactions that are stored beside it: the first, and the next. */
  readonly aborted: readonly [first: number, next: number];
}

/** Where a log stands of which nothing is stored. */
export const freshState = (topic: string): PartitionState => ({
  topic,
  topicId: '',
  generation: 0,
  breaks: 0,
  isBegun: false,
  begin: 0n,
  logStart: 0n,
  end: 0n,
  lastEpoch: -1,
  begunAt: 0,
  levelAt: 0,
  standing: undefined,
  filled: undefined,
  tombstones: 0n,
  passes: [],
  rewritten: 0n,
  open: [],
  isTransactional: false,
  aborted: [0, 0],
});

export const encodeState = (state: PartitionState): Uint8Array =>
  Buffer.from(JSON.stringify(state, (_, value) => (typeof value === 'bigint' ? `${value}` : value)));

export function decodeState(bytes: Buffer): PartitionState {
  const {
    standing,
    filled,
    begin,
    logStart,
    end,
    tombstones,
    passes,
    rewritten = passes.at(-1)?.to ?? 0,
    ...rest
  } = JSON.parse(bytes.toString());
  return {
    ...rest,
    begin: BigInt(begin),
    logStart: BigInt(logStart),
    end: BigInt(end),
    tombstones: BigInt(tombstones),
    passes: passes.map(({ to, at }: { to: string; at: number }) => ({ to: BigInt(to), at })),
    rewritten: BigInt(rewritten),
    filled: filled === undefined ? undefined : BigInt(filled),
    standing: standing && {
      logStart: BigInt(standing.logStart),
      highWatermark: BigInt(standing.highWatermark),
      lastStableOffset: BigInt(standing.lastStableOffset),
    },
  };
}
