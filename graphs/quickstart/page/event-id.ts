/** How far a client is in a topic, as the id of an event tells it. */
export interface Progress {
  /** Of the topic that the offsets are of. */
  readonly topicId: string;
  /** The next offset, by partition. */
  readonly offsets: ReadonlyMap<number, number>;
  /** The partition of the event itself: it stands last. */
  readonly partition: number;
}

const ID = /^([\w-]*)((?:\.\d+:\d+)+)(?:\/.*)?$/;

/** Reads `topicId.0:17.1:4`, and behind that a tag or none; `undefined` where an id is not like that. */
export function progressOf(id: string): Progress | undefined {
  const [, topicId = '', pairs] = ID.exec(id) ?? [];
  if (pairs === undefined) return undefined;
  const offsets = new Map<number, number>();
  let last = 0;
  for (const pair of pairs.slice(1).split('.')) {
    const [partition, offset] = pair.split(':').map(Number) as [number, number];
    offsets.set(partition, offset);
    last = partition;
  }
  return { topicId, offsets, partition: last };
}
