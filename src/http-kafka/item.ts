import { Observable, type SchedulerLike } from 'rxjs';
import { listen } from '../listen.ts';
import { headersOf, httpFault, isShown } from '../protocol/http.ts';
import type { Filter, Kafka, KafkaRecord } from '../protocol/kafka.ts';
import { taken } from '../protocol/kafka-states.ts';
import type { Binding } from '../protocol.ts';
import type { Run } from '../run.ts';
import type { HttpAnswer } from './answered.ts';
import { tagOf } from './tags.ts';
import { headerText } from './text.ts';

/** From where on it reads: all that there is, though a cache may let streams that do not say begin with what is to come. */
export const FROM_START = { default: 'earliest' } as const;

/** What a request reads. */
export interface Asked {
  readonly exit: Binding<Kafka>;
  readonly topic: string;
  readonly filters: readonly Filter[];
  /** The tags of what the client has. */
  readonly tags: readonly string[];
  /** Emits once the client waits no longer for something else than it has; `undefined` where it does not wait. */
  readonly due: Observable<unknown> | undefined;
  /** How long Kafka may take to bring what there is, in milliseconds. */
  readonly timeout: number;
  readonly scheduler: SchedulerLike;
}

/**
 * The newest record that the filters accept: 200 with its value, 204 if that is empty; 404 if there is none, or it is a
 * tombstone; 304 if it is the one that the client has. A client that waits is answered 200 as soon as it can be, and
 * otherwise once its time is over.
 */
export const item = ({ exit, topic, filters, tags, due, timeout, scheduler }: Asked): Observable<HttpAnswer> =>
  new Observable((out) => {
    let topicId: string | undefined;
    let newest: KafkaRecord | undefined;
    let isLevel = false;
    let isDue = due === undefined;

    const settle = (): void => {
      if (!isLevel) return;
      const isThere = newest !== undefined && newest.value !== null;
      const tag = isThere ? tagOf(newest as KafkaRecord, topicId) : '';
      const isKnown = isThere ? isShown(tags, tag) : tags.length === 0;
      // What the client has already, be it nothing, is all that there is: something else may still come.
      if (isKnown && !isDue) return;
      if (!isThere) return out.error(httpFault('HTTP_NOT_FOUND', `no record of topic ${topic} is what was asked for`));
      out.next(answerOf(newest as KafkaRecord, tag, isKnown));
      out.complete();
    };

    out.add(
      scheduler.schedule(() => {
        if (!isLevel) out.error(httpFault('HTTP_UPSTREAM_TIMEOUT', `topic ${topic} was not read in time`));
      }, timeout),
    );
    if (due !== undefined) {
      listen(due, out, {
        next() {
          isDue = true;
          settle();
        },
        complete() {},
      });
    }
    listen(
      taken(exit, {
        api: 'merged',
        capabilities: 'fetch',
        topic,
        from: FROM_START,
        filters,
        ...(due === undefined && { until: 'latest' as const }),
      }),
      out,
      {
        next(frame) {
          if (frame.kind === 'begin') {
            if (frame.ext.api === 'merged') topicId = frame.ext.topicId;
          } else if (frame.kind === 'data') {
            newest = newer(newest, lastOf(frame.payload as Run<KafkaRecord>));
            settle();
          } else if ('mark' in frame.ext && frame.ext.mark === 'caught-up') {
            isLevel = true;
            settle();
          }
        },
        complete() {
          isLevel = isDue = true;
          settle();
        },
      },
    );
  });

/** The last record of a run, in memory of its own. */
const lastOf = (run: Run<KafkaRecord>): KafkaRecord =>
  run
    .slice(run.length - 1, run.length)
    .detach()
    .at(0);

/** The newer of two records; of different partitions, by their time. */
const newer = (known: KafkaRecord | undefined, found: KafkaRecord): KafkaRecord =>
  known !== undefined && known.partition !== found.partition && known.timestamp > found.timestamp ? known : found;

function answerOf({ value, headers }: KafkaRecord, etag: string, isKnown: boolean): HttpAnswer {
  const type = headers.find(({ name }) => name === 'content-type')?.value;
  const common = { ...(type && { 'content-type': headerText(type) }), etag: `"${etag}"` };
  if (isKnown) return { headers: headersOf({ ':status': '304', ...common }) };
  const body = value ?? new Uint8Array(0);
  if (body.length === 0) return { headers: headersOf({ ':status': '204', ...common }) };
  return { headers: headersOf({ ':status': '200', ...common, 'content-length': String(body.length) }), body };
}
