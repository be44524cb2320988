import type { KeyRange } from './store.ts';

/** Where the rows of a partition stand: the topic's number in this store, and how often the log was begun anew. */
export interface Place {
  readonly topic: number;
  readonly partition: number;
  readonly generation: number;
}

// The first byte of a key says what it is of. Numbers are big-endian, so that keys stand in the order of what they say.
const TOPIC = 0x74;
const STATE = 0x73;
const META = 0x6d;
const ROW = 0x72;
const ABORTED = 0x61;
const KEYS = 0x6b;
const SECRET = 0x78;
/** What stands of a partition beside its state. */
const DATA = [META, ROW, ABORTED, KEYS];

/** What a store remembers of a topic. Topics go by number, so that a name is never part of a key or a path. */
export const topicKey = (topic: number): Uint8Array => keyOf(TOPIC, [topic]);

/** Where the log of a partition stands. */
export const stateKey = (topic: number, partition: number): Uint8Array => keyOf(STATE, [topic, partition]);

/** What the row says that begins at an offset. */
export const metaKey = ({ topic, partition, generation }: Place, from: bigint): Uint8Array =>
  keyOf(META, [topic, partition, generation], from);

/** The batches of the row that begins at an offset. */
export const rowKey = ({ topic, partition, generation }: Place, from: bigint): Uint8Array =>
  keyOf(ROW, [topic, partition, generation], from);

/** An aborted transaction; they are counted from 0. */
export const abortedKey = ({ topic, partition, generation }: Place, number: number): Uint8Array =>
  keyOf(ABORTED, [topic, partition, generation, number]);

/** A part of a snapshot of the key index; both are counted from 0. */
export const snapshotKey = ({ topic, partition, generation }: Place, snapshot: number, part: number): Uint8Array =>
  keyOf(KEYS, [topic, partition, generation, snapshot, part]);

/** The 16 random bytes of a store. */
export const secretKey: Uint8Array = keyOf(SECRET, []);

/** All topics. */
export const topicRange: KeyRange = { from: keyOf(TOPIC, []), to: keyOf(TOPIC + 1, []) };

/** The states of all partitions of all topics. */
export const stateRange: KeyRange = { from: keyOf(STATE, []), to: keyOf(STATE + 1, []) };

/** The states of a topic's partitions. */
export const statesOf = (topic: number): KeyRange => ({ from: keyOf(STATE, [topic]), to: keyOf(STATE, [topic + 1]) });

/** What all rows of a place say. */
export const metasOf = (place: Place): KeyRange => within(META, place);

/** The rows of a place below an offset, and all from before it was begun anew. */
export const rowsBelow = (place: Place, to: bigint): KeyRange => ({
  from: rowKey({ ...place, generation: 0 }, 0n),
  to: rowKey(place, to),
});

/** All aborted transactions of a place. */
export const abortedOf = (place: Place): KeyRange => within(ABORTED, place);

/** All snapshots of the key index of a place. */
export const snapshotsOf = (place: Place): KeyRange => within(KEYS, place);

/** All snapshots of the key index of a partition, however often it was begun anew. */
export const allSnapshotsOf = ({ topic, partition }: Pick<Place, 'topic' | 'partition'>): KeyRange => ({
  from: keyOf(KEYS, [topic, partition]),
  to: keyOf(KEYS, [topic, partition + 1]),
});

/** What the rows of a partition say, however often it was begun anew. */
export const allMetasOf = ({ topic, partition }: Place): KeyRange => ({
  from: keyOf(META, [topic, partition]),
  to: keyOf(META, [topic, partition + 1]),
});

/** All that stands of the partitions of topics from a number up to, not including, another, but for their states. */
export const dataOf = (from: number, to: number): readonly KeyRange[] =>
  DATA.map((kind) => ({ from: keyOf(kind, [from]), to: keyOf(kind, [to]) }));

/** What stands of a partition from before it was begun anew. */
export const pastOf = ({ topic, partition, generation }: Place): readonly KeyRange[] =>
  DATA.map((kind) => ({
    from: keyOf(kind, [topic, partition]),
    to: keyOf(kind, [topic, partition, generation]),
  }));

/** The number of a topic that a key is of. */
export const topicOf = (key: Uint8Array): number => Buffer.from(key).readUInt32BE(1);

/** The number of a partition that a key is of. */
export const partitionOf = (key: Uint8Array): number => Buffer.from(key).readUInt32BE(5);

/** How often the log had been begun anew whose key it is. */
export const generationOf = (key: Uint8Array): number => Buffer.from(key).readUInt32BE(9);

/** The number of the snapshot that a part is of. */
export const snapshotOfKey = (key: Uint8Array): number => Buffer.from(key).readUInt32BE(13);

/** The offset at the end of a key. */
export const offsetOf = (key: Uint8Array): bigint => Buffer.from(key).readBigUInt64BE(key.byteLength - 8);

const within = (kind: number, { topic, partition, generation }: Place): KeyRange => ({
  from: keyOf(kind, [topic, partition, generation]),
  to: keyOf(kind, [topic, partition, generation + 1]),
});

function keyOf(kind: number, numbers: readonly number[], offset?: bigint): Uint8Array {
  const key = Buffer.alloc(1 + numbers.length * 4 + (offset === undefined ? 0 : 8));
  key[0] = kind;
  for (const [index, number] of numbers.entries()) key.writeUInt32BE(number, 1 + index * 4);
  if (offset !== undefined) key.writeBigUInt64BE(offset, key.byteLength - 8);
  return key;
}
