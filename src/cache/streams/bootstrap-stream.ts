import { map, type Observable, startWith, switchMap, take } from 'rxjs';
import { Deque } from '../../deque.ts';
import { type Flush, flush } from '../../frame.ts';
import { listen } from '../../listen.ts';
import type { KafkaBegin, KafkaMark, Meta } from '../../protocol/kafka.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import type { FollowedLog } from '../following/followed-log.ts';
import type { FollowedTopic } from '../following/followed-topic.ts';
import type { FollowedTopics } from '../following/followed-topics.ts';

/**
 * Keeps a topic fresh for as long as the stream is open, and tells how that goes: by partition a `progress` mark with the
 * offset that is fetched next and a `watermark` with where the source stands, and `caught-up`, once, when every
 * partition has been level.
 */
export function bootstrapStream(
  topics: FollowedTopics,
  { topic }: Extract<KafkaBegin, { api: 'bootstrap' }>,
  stream: Stream,
): Answering {
  const marks = new Deque<Flush<KafkaMark>>();
  const watched = new Set<number>();
  const behind = new Set<number>();
  let isWarm = false;

  const tell = (partition: number, { next, topicId, standing, offsets }: FollowedLog): void => {
    if (next !== undefined)
      marks.push(flush({ mark: 'progress', partition, topicId, offsets: new Map([[partition, next]]) }));
    if (standing !== undefined) marks.push(flush({ mark: 'watermark', partition, ...standing }));
    if (offsets.isLevel) behind.delete(partition);
    if (behind.size === 0 && !isWarm) {
      isWarm = true;
      marks.push(flush({ mark: 'caught-up' }));
    }
    stream.wake();
  };
  const watch = (followed: FollowedTopic, { partitions }: Meta): void => {
    const found = partitions.map(({ partition }) => partition).filter((partition) => !watched.has(partition));
    for (const partition of found) {
      watched.add(partition);
      behind.add(partition);
    }
    for (const partition of found) {
      listen(changing(followed.log(partition)), stream.life, {
        next: (log) => tell(partition, log),
        complete() {},
      });
    }
  };

  listen(topics.of(topic), stream.life, {
    next: (followed) =>
      listen(followed.awaitedMetas, stream.life, { next: (meta) => watch(followed, meta), complete() {} }),
    complete() {},
  });
  stream.begin({ api: 'bootstrap' });
  return { pull: () => marks.shift() };
}

/** A log, and again whenever it changed, though its topic be gone. */
const changing = (logs: Observable<FollowedLog>): Observable<FollowedLog> =>
  logs.pipe(
    take(1),
    switchMap((log) =>
      log.changes.pipe(
        map(() => log),
        startWith(log),
      ),
    ),
  );
