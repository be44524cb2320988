import type { SchedulerLike } from 'rxjs';
import { positive } from '../../src/errors.ts';
import { type PathWhen, paramsOf, pathConditions } from '../../src/path-pattern.ts';
import { expression } from '../../src/protocol/expression.ts';
import { type FilterExpressions, filterExpressions } from '../../src/protocol/filter-expressions.ts';
import { httpFault } from '../../src/protocol/http.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import { onBehalf } from '../../src/protocol/kafka-on-behalf.ts';
import type { Sse, SseBegin } from '../../src/protocol/sse.ts';
import { isTopicName } from '../../src/protocol/topic-name.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';
import { refusing, route } from '../flow/route.ts';
import { eventStream } from './event-stream.ts';
import { type EventIdForm, RecordEvents } from './record-events.ts';

/** What a client is sent; params of the path and identities are filled in. */
export interface SseKafkaWith {
  readonly topic: string;
  /** Filters, of which a record must meet any: everything by default. */
  readonly filters?: readonly FilterExpressions[];
  readonly event?: {
    /** What an id has beside how far its client is: the tag of the record, which is the default, or its key, too. */
    readonly id?: EventIdForm;
  };
}

export interface SseKafkaRoute {
  /** Conditions, any of which takes a client; without any, it takes all. */
  readonly when: readonly Pick<PathWhen, 'path'>[];
  readonly with: SseKafkaWith;
  /** What reads the topic; that of the proxy by default. */
  readonly exit?: Binding<Kafka>;
}

export interface SseKafkaProxyOptions {
  /** Tried in order; a client that none of them takes is answered with 404. */
  readonly routes: readonly SseKafkaRoute[];
  /** How many bytes of records may wait for a client, an integer >= 1; 16 KiB by default. */
  readonly window?: number;
}

/**
 * Sends the records of topics to clients that listen: the path that a client asks for says which topic and which records.
 * The id of each event tells how far its client is in every partition, so that one that comes back goes on right behind
 * it, `Last-Event-ID` being all there is to know of it.
 *
 * A record is a `message` with its value as the data, a tombstone a `delete` with the key in base64, and offsets that are
 * not there to be read are a `gap`.
 *
 * @throws SluiceError OPTION_INVALID
 *
 * @example
 * const prices = sseKafkaProxy({ routes: [{ when: [{ path: '/prices/{key}' }], with: {
 *   topic: 'prices', filters: [{ key: '${params.key}' }] } }] });
 * tcpServer({ port: 7114 })(httpServer()(sseServer()(prices(kafka)))).subscribe();
 */
export const sseKafkaProxy = (
  { routes, window = 16 * 1024 }: SseKafkaProxyOptions,
  scheduler: SchedulerLike = eventLoop,
): ((exit: Binding<Kafka>) => Binding<Sse>) => {
  positive('window', window);
  const ways = routes.map(({ when, with: made, exit }) => {
    const params = paramsOf(when);
    return {
      taken: pathConditions(when),
      topic: expression(made.topic, { params }),
      filters: filterExpressions(made.filters ?? [], { params }),
      events: new RecordEvents(made.event?.id),
      exit,
    };
  });

  return (exit) => {
    const choose = ({ path, authorization, lastEventId = '' }: SseBegin): Binding<Sse> | undefined => {
      for (const { taken, topic, filters, events, exit: way = exit } of ways) {
        const params = taken({ path });
        if (params === undefined) continue;
        const values = { params, authorization };
        const asked = { topic: topic(values), filters: filters(values) };
        if (asked.topic === undefined || asked.filters === undefined) return UNKNOWN_IDENTITY;
        if (!isTopicName(asked.topic)) return NO_TOPIC;
        const stream = { topic: asked.topic, filters: asked.filters, lastEventId };
        return eventStream(onBehalf(way, authorization), stream, { events, window, scheduler });
      }
      return undefined;
    };
    return route<Sse>((begin) => {
      try {
        return choose(begin);
      } catch (thrown) {
        if (thrown instanceof URIError) return BAD_ESCAPE;
        throw thrown;
      }
    });
  };
};

const UNKNOWN_IDENTITY = refusing<Sse>(
  httpFault('HTTP_FORBIDDEN', 'it is not known who asks, as far as that is needed'),
);
const NO_TOPIC = refusing<Sse>(httpFault('HTTP_NOT_FOUND', 'no topic can have this name'));
const BAD_ESCAPE = refusing<Sse>(httpFault('HTTP_BAD_REQUEST', 'the path has an escape that is none'));
