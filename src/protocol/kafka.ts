import type { Observable } from 'rxjs';
import type { Fault } from '../errors.ts';
import type { From, Log, PartitionOffsets } from '../log/log.ts';
import type { CaughtUp, Gap, Progress } from '../marks.ts';
import type { Divisible } from '../payload.ts';
import type { Lane, Protocol } from '../protocol.ts';
import type { Positioned, Run } from '../run.ts';
import type { Authorization } from './guard.ts';
import type { RecordBatch } from './kafka-batch.ts';

export type { From, PartitionOffsets } from '../log/log.ts';
export type { Progress } from '../marks.ts';

/** A header: names may repeat, and their order is kept. */
export interface Header {
  readonly name: string;
  readonly value: Uint8Array | null;
}

/** A record as it is fetched. Its bytes may be views of a batch: copy what is kept past its delivery. */
export interface KafkaRecord extends Positioned {
  /** Milliseconds since 1970, by the clock that the topic's `message.timestamp.type` names. */
  readonly timestamp: bigint;
  readonly key: Uint8Array | null;
  /** `null` is a tombstone on a compacted topic. */
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  /** Whether its transaction was aborted; such records come only on `read_uncommitted` streams. */
  readonly aborted: boolean;
  /** Which filters of the stream accept it, the first by the lowest bit; only where all are evaluated. */
  readonly filters?: bigint;
}

export type Isolation = 'read_committed' | 'read_uncommitted';

/** How many replicas have a record before it is answered: none is asked, the leader, or all in sync. */
export type Acks = 'none' | 'leader' | 'all';

/** What a condition looks at: a key, a header, or the sequence of all headers of a name. */
export type Condition =
  | { readonly key: Uint8Array | null }
  | { readonly header: { readonly name: string; readonly value: Uint8Array } }
  | { readonly headers: { readonly name: string; readonly values: readonly HeaderStep[] } }
  | { readonly not: Condition };

/** One step through the values of a header: this value, any one, or any number of any. */
export type HeaderStep = { readonly value: Uint8Array } | 'skip' | 'skip-many';

/** Conditions that all hold. A list of filters accepts what any of them does; an empty one accepts everything. */
export type Filter = readonly Condition[];

/** `lazy` stops at the first filter that accepts; `eager` tells all that do, as a bit mask. */
export type Evaluation = 'lazy' | 'eager';

interface Reading {
  readonly topic: string;
  /** Ends the stream once it is level with the partitions as they are now; without it, the stream stays open. */
  readonly until?: 'latest';
  /** None by default. */
  readonly filters?: readonly Filter[];
  /** `lazy` by default. */
  readonly evaluation?: Evaluation;
  /** `read_committed` by default. */
  readonly isolation?: Isolation;
  /** Whether a cache of a compacted topic passes over records that a newer one of their key has overtaken; it does by default. */
  readonly conflates?: boolean;
}

/** What opens a kafka stream, by its `api`. */
export type KafkaBegin = Opening & {
  /** What guards found of whom it is opened for. */
  readonly authorization?: Authorization;
};

type Opening =
  | {
      readonly api: 'meta';
      readonly topic: string;
      /** Whether a missing topic is made, where its cluster does so; then the cluster is asked, and no cache answers. */
      readonly create?: boolean;
    }
  | {
      readonly api: 'describe';
      readonly topic: string;
      readonly configs: readonly string[];
      /** Whether the cluster is asked: no cache answers, or begins to keep the topic. */
      readonly direct?: boolean;
    }
  | ({
      readonly api: 'fetch';
      readonly partition: number;
      /** As a cache says by default; `earliest` where there is none. */
      readonly from?: From;
      /** Asks for record batches as they are, control batches included, in place of records; `filters` play no part. */
      readonly batches?: true;
      /** The leader's epoch of the record before an offset to begin at, if known: a log that parted from it is noticed. */
      readonly lastEpoch?: number;
    } & Reading)
  | { readonly api: 'produce'; readonly topic: string; readonly partition: number }
  | ({
      readonly api: 'merged';
      readonly capabilities: 'fetch' | 'produce' | 'both';
      /** By partition; the others begin at `default`, or without that as a cache says; `earliest` where there is none. */
      readonly from?: { readonly default?: From; readonly partitions?: ReadonlyMap<number, From> };
      /** `all` by default. */
      readonly acks?: Acks;
    } & Reading)
  | { readonly api: 'bootstrap'; readonly topic: string };

/** What answers a BEGIN, by its `api`. */
export type KafkaReplyBegin =
  | { readonly api: 'meta' | 'describe' | 'produce' | 'bootstrap' }
  | ({
      readonly api: 'fetch';
      readonly topicId?: string;
      /** Where the records are: who reads them there grants no credit, and gets no DATA. A cache_server has no other way. */
      readonly log?: Log<KafkaRecord>;
      /** Where a stream begins there that does not say; `earliest` unless given. */
      readonly from?: 'earliest' | 'latest';
    } & PartitionOffsets)
  | {
      readonly api: 'merged';
      /** What a topic that is made again under the same name does not share; absent where it is not known. */
      readonly topicId?: string;
      /** Those that had a leader by then; none on a stream that only produces. */
      readonly partitions: readonly PartitionOffsets[];
      /** As the topic's `cleanup.policy`; `undefined` where this user may not see it, or nothing is read. */
      readonly cleanupPolicy: string | undefined;
    };

/** Which broker leads each partition; -1 where none does. */
export interface Meta {
  /** As Kafka's tools print it; empty where there is none. */
  readonly topicId: string;
  readonly partitions: readonly { readonly partition: number; readonly leader: number }[];
}

/** A topic's configuration. */
export interface Description {
  readonly configs: Readonly<Record<string, string | null>>;
}

/** A part of a record that is produced. The first has what the record is, the last says that it is. */
export interface Fragment extends Divisible<Fragment> {
  readonly body: Uint8Array;
  /** On the first. */
  readonly opens?: ProducedRecord;
  readonly last: boolean;
}

/** What a produced record is, but for its value. */
export interface ProducedRecord {
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
  /** Now, by default. */
  readonly timestamp?: bigint;
  /** Where it goes: a partition, or that of a hash key, of its key, or each in turn. */
  readonly partition?: number;
  readonly hashKey?: Uint8Array;
  readonly acks?: Acks;
  /** Whether it has no value: a tombstone. */
  readonly tombstone?: boolean;
  /** How many bytes its value has, where that is known; what a stage hands on says it. */
  readonly length?: number;
  /** Its value, where that is on disk: then this is the only fragment, and has none of it. */
  readonly body?: Body;
  /** When it was whole, in milliseconds since 1970: its time to be delivered runs from then. What a stage hands on says it. */
  readonly since?: number;
  /** The caller's own sequence, kept as it is (KIP-98). */
  readonly producer?: { readonly id: bigint; readonly epoch: number; readonly sequence: number };
}

/** A value that is not in memory, and can be read as often as it has to be sent, until its record is answered. */
export interface Body {
  /** In bytes. */
  readonly length: number;
  /** Its checksum: CRC-32C. */
  readonly crc32c: number;
  /** The bytes from `start` up to, not including, `end`, in one piece; errors with a fault where they cannot be read. */
  read(start: number, end: number): Observable<Uint8Array>;
}

/** A gap; one that is `recreated` has the id of the topic which has the name now, from whose start the stream goes on. */
export interface KafkaGap extends Gap {
  readonly topicId?: string;
}

export type KafkaMark =
  | CaughtUp
  | KafkaGap
  | Progress
  | {
      readonly mark: 'watermark';
      readonly partition: number;
      readonly logStart: bigint;
      readonly highWatermark: bigint;
      readonly lastStableOffset: bigint;
    }
  | { readonly mark: 'filters'; readonly filters: readonly Filter[] };

/** The answer to record number `record` of the lane, counted from 0. */
export type KafkaAnswer =
  | {
      readonly answer: 'produced';
      readonly record: number;
      readonly partition: number;
      /** -1 where no acks were asked for. */
      readonly offset: bigint;
      readonly timestamp: bigint;
    }
  | { readonly answer: 'refused'; readonly record: number; readonly fault: KafkaFault };

/** A fault, with Kafka's own code and name where the broker gave one. */
export interface KafkaFault extends Fault {
  readonly kafka?: { readonly code: number; readonly name: string };
}

interface KafkaInitial extends Lane {
  readonly begin: KafkaBegin;
  readonly data: Fragment;
  readonly flush: Extract<KafkaMark, { mark: 'filters' }>;
  readonly end: undefined;
  readonly abort: KafkaFault;
}

interface KafkaReply extends Lane {
  readonly begin: KafkaReplyBegin;
  readonly data: Run<KafkaRecord> | RecordBatch | Meta | Description;
  readonly flush: KafkaMark | KafkaAnswer;
  readonly end: undefined;
  readonly abort: KafkaFault;
}

/** The vocabulary of every binding of type kafka. */
export interface Kafka extends Protocol {
  readonly initial: KafkaInitial;
  readonly reply: KafkaReply;
}
