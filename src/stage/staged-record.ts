import { crc32c } from '@node-rs/crc32';
import type { Data } from '../frame.ts';
import type { Acks, Body, Fragment, Header, KafkaAnswer, ProducedRecord } from '../protocol/kafka.ts';
import { fragment, sizeOf } from '../protocol/kafka-fragment.ts';
import type { StagedFile } from './store.ts';

/** Who sent a record. */
export interface Owner {
  /** Told that there is room on the disk for what the record holds in memory. */
  admitted(record: StagedRecord): void;
  /** Told that there is none, and will be none. */
  full(record: StagedRecord): void;
  /** Told the answer, whose `record` is that of the exit's lane. */
  answered(record: StagedRecord, answer: KafkaAnswer): void;
}

const NOTHING = new Uint8Array(0);

/** One record, from its first fragment until it is answered. */
export class StagedRecord {
  readonly owner: Owner;
  /** Its number in its lane. */
  readonly number: number;
  readonly partition: number;
  readonly acks: Acks;
  /** The lower, the older. */
  readonly age: number;
  /** The credit that it holds in memory. */
  held = 0;
  /** What it takes of its partition's share of the disk. */
  staged = 0;
  file: StagedFile | undefined;
  /** Whether its last fragment has come. */
  isWhole = false;
  isAnswered = false;
  /** Refusals that came behind it, and are told when it is answered. */
  readonly followers: KafkaAnswer[] = [];
  readonly #opens: ProducedRecord;
  readonly #head: number;
  #pieces: Uint8Array[] = [];
  #length = 0;
  #crc = 0;

  constructor(
    owner: Owner,
    opens: ProducedRecord,
    at: { readonly number: number; readonly partition: number; readonly age: number; readonly acks: Acks },
  ) {
    this.owner = owner;
    this.number = at.number;
    this.partition = at.partition;
    this.age = at.age;
    this.#opens = opens;
    this.acks = opens.acks ?? at.acks;
    this.#head = sizeOf(opens);
  }

  /** What is known of its size, key and headers included, in bytes. */
  get size(): number {
    return this.#head + Math.max(this.#length, this.#opens.length ?? 0);
  }

  /** Takes what came of it, and holds what that cost. */
  add(body: Uint8Array, reserved: number): void {
    this.held += reserved;
    this.#length += body.length;
    if (body.length > 0) this.#pieces.push(body);
  }

  /** Hands over what of it is in memory, to be written. */
  takePieces(): readonly Uint8Array[] {
    const pieces = this.#pieces;
    for (const piece of pieces) this.#crc = crc32c(piece, this.#crc);
    this.#pieces = [];
    return pieces;
  }

  /** Itself, whole, as it is handed on at a time, in milliseconds since 1970: its memory goes with it. */
  takeFrames(now: number): Data<Fragment>[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    const opens = new Known(this.#opens, this.partition, this.acks, this.#length, now, this.#body());
    if (pieces.length <= 1) return [fragment(pieces[0] ?? NOTHING, true, opens)];
    return pieces.map((piece, at) => fragment(piece, at === pieces.length - 1, at === 0 ? opens : undefined));
  }

  /** Leaves nothing behind. */
  drop(): void {
    this.#pieces = [];
    this.file?.remove();
    this.file = undefined;
  }

  #body(): Body | undefined {
    const { file } = this;
    if (file === undefined) return this.#opens.body;
    return { length: this.#length, crc32c: this.#crc, read: (start, end) => file.read(start, end) };
  }
}

/** What a record is of which everything is known. */
class Known implements ProducedRecord {
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
  readonly partition: number;
  readonly acks: Acks;
  readonly length: number;
  readonly since: number;
  declare readonly timestamp?: bigint;
  declare readonly tombstone?: boolean;
  declare readonly producer?: NonNullable<ProducedRecord['producer']>;
  declare readonly body?: Body;

  constructor(
    opens: ProducedRecord,
    partition: number,
    acks: Acks,
    length: number,
    now: number,
    body: Body | undefined,
  ) {
    this.key = opens.key;
    this.headers = opens.headers;
    this.partition = partition;
    this.acks = acks;
    this.length = body?.length ?? length;
    this.since = opens.since ?? now;
    if (opens.timestamp !== undefined) this.timestamp = opens.timestamp;
    if (opens.tombstone !== undefined) this.tombstone = opens.tombstone;
    if (opens.producer !== undefined) this.producer = opens.producer;
    if (body !== undefined) this.body = body;
  }
}
