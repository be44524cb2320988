import { filter, map, merge, Observable, of, Subscriber, take } from 'rxjs';
import { emit, type Outlet } from '../emitter.ts';
import { isFault } from '../errors.ts';
import { abort, type Frame } from '../frame.ts';
import { listen } from '../listen.ts';
import { type Http, headersOf, httpFault, isShown } from '../protocol/http.ts';
import type { KafkaBegin, PartitionOffsets } from '../protocol/kafka.ts';
import { errorOf } from '../protocol/kafka-error.ts';
import { replies, taken } from '../protocol/kafka-states.ts';
import { answered } from './answered.ts';
import { type Asked, FROM_START } from './item.ts';
import { JsonArray } from './json-array.ts';
import { tagOfAll } from './tags.ts';

/**
 * All records that the filters accept, as a JSON array of their values, which have to be JSON: 200, or 304 if the topic is as
 * the client has it. No more than a window of it is ever in memory. A client that waits is answered as soon as there is
 * another record, and otherwise once its time is over.
 */
export const merged = ({
  exit,
  topic,
  filters,
  tags,
  due,
  timeout,
  scheduler,
}: Asked): Observable<Frame<Http['reply']>> =>
  new Observable((out) => {
    const begin = {
      api: 'merged',
      capabilities: 'fetch',
      topic,
      from: FROM_START,
      filters,
    } as const satisfies KafkaBegin;
    const fail = (thrown: unknown): void => {
      if (!isFault(thrown)) return out.error(thrown);
      out.next(abort(thrown));
      out.complete();
    };

    const read = (patience?: Observable<unknown>): void => {
      const body = new JsonArray();
      let outlet: Outlet<Http['reply']> | undefined;
      const reading = new Subscriber<never>({ next() {}, error: fail, complete() {} });
      out.add(reading);
      const late = scheduler.schedule(
        () => fail(httpFault('HTTP_UPSTREAM_TIMEOUT', `topic ${topic} was not opened in time`)),
        timeout,
      );
      reading.add(late);
      listen(replies(exit, { ...begin, until: 'latest' }), reading, {
        next(frame) {
          if (frame.kind === 'begin') {
            late.unsubscribe();
            const { partitions, topicId } = frame.ext as Extract<typeof frame.ext, { api: 'merged' }>;
            const tag = tagOfAll(partitions, topicId);
            const headers = { 'content-type': 'application/json', etag: `"${tag}"` };
            if (isShown(tags, tag)) {
              reading.unsubscribe();
              if (patience !== undefined) return waitFor(partitions, patience);
              const known = of({ headers: headersOf({ ':status': '304', ...headers }) });
              listen(answered(known, scheduler), out, { next: (answer) => out.next(answer) });
              return;
            }
            outlet = emit<Http['reply']>(out, body, scheduler);
            outlet.begin({ headers: headersOf({ ':status': '200', ...headers }) });
          } else if (frame.kind === 'abort' && outlet === undefined) return fail(errorOf(frame.ext));
          body.next(frame);
          outlet?.wake();
        },
      });
    };

    /** Reads again once there is another record, or time is over. */
    const waitFor = (partitions: readonly PartitionOffsets[], patience: Observable<unknown>): void => {
      const ends = partitions.map(({ partition, lastStableOffset: offset }) => [partition, { offset }] as const);
      const changes = taken(exit, { ...begin, from: { ...FROM_START, partitions: new Map(ends) } }).pipe(
        filter(
          (frame) =>
            frame.kind === 'data' || (frame.kind === 'flush' && 'mark' in frame.ext && frame.ext.mark === 'gap'),
        ),
      );
      const told = merge(changes, patience).pipe(
        take(1),
        map(() => undefined),
      );
      out.add(told.subscribe({ next: () => read(), error: fail }));
    };

    read(due);
  });
