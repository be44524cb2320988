import { filter, map, type Observable, startWith, switchMap, take } from 'rxjs';
import { flush } from '../../frame.ts';
import { listen } from '../../listen.ts';
import type { KafkaBegin } from '../../protocol/kafka.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import type { FollowedLog } from '../following/followed-log.ts';
import type { FollowedTopic } from '../following/followed-topic.ts';
import type { FollowedTopics } from '../following/followed-topics.ts';

/** Hands out the log of a partition, and then tells where it stands, again whenever that changes. */
export function logStream(
  topics: FollowedTopics,
  { topic, partition }: Extract<KafkaBegin, { api: 'fetch' }>,
  stream: Stream,
): Answering {
  let log: FollowedLog | undefined;
  let told = '';
  const opened = (followed: FollowedTopic, found: FollowedLog): void => {
    log = found;
    const { lastStableOffset, highWatermark } = found.offsets;
    const { topicId } = found;
    stream.begin({
      api: 'fetch',
      ...(topicId !== '' && { topicId }),
      log,
      from: followed.start === 'logStart' ? 'earliest' : 'latest',
      partition,
      offset: found.offsets[followed.start],
      lastStableOffset,
      highWatermark,
    });
    listen(found.changes, stream.life, { next: () => stream.wake(), complete() {} });
  };
  const found = topics
    .of(topic)
    .pipe(switchMap((followed) => followed.log(partition).pipe(map((log) => ({ followed, log })))));
  listen(found.pipe(switchMap(begun)), stream.life, {
    next: ({ followed, log }) => opened(followed, log),
    complete() {},
  });
  return {
    pull() {
      if (log === undefined) return undefined;
      const { logStart, highWatermark, lastStableOffset } = log.offsets;
      const news = `${logStart} ${highWatermark} ${lastStableOffset}`;
      if (news === told) return undefined;
      told = news;
      return flush({ mark: 'watermark', partition, logStart, highWatermark, lastStableOffset });
    },
  };
}

/** The same, once it is known where the log begins. */
const begun = <T extends { readonly log: FollowedLog }>(found: T): Observable<T> =>
  found.log.changes.pipe(
    startWith(undefined),
    filter(() => found.log.offsets.isBegun),
    take(1),
    map(() => found),
  );
