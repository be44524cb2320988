import { SluiceError } from '../errors.ts';
import type { Data } from '../frame.ts';
import type { Acks, Fragment, Header, ProducedRecord } from '../protocol/kafka.ts';
import { fragment } from '../protocol/kafka-fragment.ts';
import { type Bytes, bytesOf } from './bytes.ts';
import { type Encoder, written } from './encoding.ts';

/** Headers by name, several of one name as a list, or all in order, as a message has them. */
export type NewHeaders =
  | Readonly<Record<string, Bytes | null | readonly (Bytes | null)[]>>
  | readonly { readonly name: string; readonly value: Bytes | null }[];

/** What a record to produce is, but for its value. Its bytes are not copied: leave them be until it is answered. */
export interface NewMessageOpening<K> {
  /** None by default. */
  readonly key?: K | null | undefined;
  readonly headers?: NewHeaders | undefined;
  /** In milliseconds since 1970; now by default. */
  readonly timestamp?: bigint | number | Date | undefined;
  /** Where it goes: this partition, or that of a hash key, or of its key, or each in turn. */
  readonly partition?: number | undefined;
  readonly hashKey?: Bytes | undefined;
  /** As the producer's, by default. */
  readonly acks?: Acks | undefined;
}

/** A record to produce. */
export interface NewMessage<K = Bytes | null, V = Bytes | null> extends NewMessageOpening<K> {
  /** `null` is a tombstone, on a compacted topic. */
  readonly value: V | null;
}

export interface Writing {
  readonly key: Encoder;
  readonly value: Encoder;
  /** Those of records which do not say. */
  readonly acks: Acks | undefined;
}

/** A record as the one fragment it is. @throws SluiceError MESSAGE_ENCODE */
export function fragmentOf(writing: Writing, message: NewMessage<unknown, unknown>): Data<Fragment> {
  const body = writing.value(message.value);
  const opens = openingOf(writing, message);
  if (body === null) opens.tombstone = true;
  return fragment(body ?? NOTHING, true, opens);
}

const NOTHING = new Uint8Array(0);

type Opening = { -readonly [P in keyof ProducedRecord]: ProducedRecord[P] };

/** @throws SluiceError MESSAGE_ENCODE */
export function openingOf(writing: Writing, message: NewMessageOpening<unknown>): Opening {
  const { key = null, headers, timestamp, partition, hashKey, acks = writing.acks } = message;
  const opens: Opening = { key: writing.key(key), headers: headers === undefined ? NONE : headersOf(headers) };
  if (timestamp !== undefined) opens.timestamp = timeOf(timestamp);
  if (partition !== undefined) opens.partition = partitionOf(partition);
  if (hashKey !== undefined) opens.hashKey = bytesOf(hashKey);
  if (acks !== undefined) opens.acks = acks;
  return opens;
}

const NONE: readonly Header[] = [];

function headersOf(headers: NewHeaders): Header[] {
  if (isList(headers)) return headers.map(({ name, value }) => headerOf(name, value));
  return Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => headerOf(name, one)));
}

const isList = (headers: NewHeaders): headers is Extract<NewHeaders, readonly unknown[]> => Array.isArray(headers);

function headerOf(name: string, value: unknown): Header {
  try {
    return { name, value: value === null ? null : bytesOf(written(value)) };
  } catch (thrown) {
    throw wrong(`the header ${name}`, (thrown as Error).message);
  }
}

function timeOf(timestamp: bigint | number | Date): bigint {
  const time = timestamp instanceof Date ? timestamp.getTime() : timestamp;
  if (typeof time === 'bigint' || Number.isSafeInteger(time)) return BigInt(time);
  throw wrong('the timestamp', `${time} is no number of milliseconds`);
}

function partitionOf(partition: number): number {
  if (Number.isInteger(partition) && partition >= 0 && partition < 2 ** 31) return partition;
  throw wrong('the partition', `${partition} is no number of one`);
}

const wrong = (what: string, why: string): SluiceError =>
  new SluiceError('MESSAGE_ENCODE', `${what} of a record: ${why}`);
