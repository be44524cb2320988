import { SluiceError } from '../errors.ts';
import type { Header, KafkaRecord } from '../protocol/kafka.ts';
import { integer, readable, viewOf } from './bytes.ts';
import type { MessageProgress, Stand } from './track.ts';

/** A header: names may repeat, and their order is kept. */
export interface MessageHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

/** A record as people read it, its own to keep. */
export class Message<K = Buffer | null, V = Buffer | null> {
  /** Tells a message from a mark. */
  declare readonly mark?: undefined;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  /** `null` where there is none. */
  readonly key: K;
  /** `null` where there is none: a tombstone, on a compacted topic. */
  readonly value: V;
  readonly headers: readonly MessageHeader[];
  /** Whether its transaction was aborted; such come only with `isolation: 'read_uncommitted'`. */
  readonly aborted: boolean;
  readonly #before: Stand;

  constructor(
    { topic, before, headers }: { topic: string; before: Stand; headers: readonly MessageHeader[] },
    { partition, offset, timestamp, aborted }: KafkaRecord,
    key: K,
    value: V,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.key = key;
    this.value = value;
    this.headers = headers;
    this.aborted = aborted;
    this.#before = before;
  }

  /** Where to resume behind it: what a later `from` takes. */
  get progress(): MessageProgress {
    return this.#before.moved(this.partition, this.offset + 1n).progress;
  }

  /** Plain data for JSON: bytes as text where they are UTF-8, else `{"base64": ...}`; integers that are not exact as digits. */
  toJSON(): object {
    return plain(this.topic, this);
  }
}

/** A record or a message as plain data for JSON. */
export function plain(topic: string, record: Omit<Message<unknown, unknown> | KafkaRecord, 'toJSON'>): object {
  const { partition, offset, timestamp, key, value, headers, aborted } = record;
  const data = {
    topic,
    partition,
    offset: integer(offset),
    timestamp: integer(timestamp),
    key: readable(key),
    value: readable(value),
    headers: headers.map(plainHeader),
  };
  return aborted ? Object.assign(data, { aborted }) : data;
}

const plainHeader = ({ name, value }: Header) => ({ name, value: readable(value) });

/** How the records of a topic become messages. */
export interface Reading {
  readonly topic: string;
  readonly key: (bytes: Buffer) => unknown;
  readonly value: (bytes: Buffer) => unknown;
  readonly views: boolean;
}

/**
 * @param before where the stream stood before the run that the record is of
 * @throws SluiceError MESSAGE_DECODE
 */
export function messageOf(reading: Reading, record: KafkaRecord, before: Stand): Message<unknown, unknown> {
  const { topic, views } = reading;
  const listed = record.headers;
  const headers = listed.length === 0 ? NONE : listed.map((header) => headerOf(header, views));
  const key = decoded(reading, 'key', record);
  return new Message({ topic, before, headers }, record, key, decoded(reading, 'value', record));
}

const NONE: readonly MessageHeader[] = [];

const headerOf = ({ name, value }: Header, views: boolean): MessageHeader => ({
  name,
  value: value === null ? null : views ? viewOf(value) : Buffer.from(value),
});

function decoded(reading: Reading, part: 'key' | 'value', record: KafkaRecord): unknown {
  const bytes = record[part];
  if (bytes === null) return null;
  try {
    return reading[part](viewOf(bytes));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const place = `${reading.topic}/${record.partition}, offset ${record.offset}`;
    throw new SluiceError('MESSAGE_DECODE', `the ${part} of ${place}: ${why}`, { cause: thrown });
  }
}
