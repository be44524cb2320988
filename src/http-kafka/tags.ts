import { createHash } from 'node:crypto';
import type { KafkaRecord, PartitionOffsets } from '../protocol/kafka.ts';
import { utf8 } from './text.ts';

/**
 * The tag of a record: where it stands, which no other record does, and behind a slash the tag that it brings itself in a
 * header `etag`.
 */
export function tagOf({ partition, offset, headers }: KafkaRecord, topicId = ''): string {
  const own = utf8(headers.find(({ name }) => name === 'etag')?.value).replace(/^(?:W\/)?"(.*)"$/, '$1');
  const place = `${topicId}.${partition}.${offset}`;
  return own === '' ? place : `${place}/${encodeURI(own)}`;
}

/** The tag that a record brought itself, of one that `tagOf` made; the whole, if it brought none. */
export function ownTag(tag: string): string {
  const slash = tag.indexOf('/');
  try {
    return slash === -1 ? tag : decodeURI(tag.slice(slash + 1));
  } catch {
    return tag;
  }
}

/** The tag of all that a topic holds, by where its partitions begin and end. */
export function tagOfAll(partitions: readonly PartitionOffsets[], topicId = ''): string {
  const hash = createHash('sha256').update(topicId);
  for (const { partition, offset, lastStableOffset } of [...partitions].sort((a, b) => a.partition - b.partition))
    hash.update(`/${partition}.${offset}.${lastStableOffset}`);
  return hash.digest('base64url').slice(0, 22);
}
