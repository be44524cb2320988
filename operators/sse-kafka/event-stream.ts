import { Observable, type SchedulerLike, Subscriber } from 'rxjs';
import { emit } from '../../src/emitter.ts';
import { type Abort, abort, type End } from '../../src/frame.ts';
import { listen } from '../../src/listen.ts';
import type { HttpFault } from '../../src/protocol/http.ts';
import type { Filter, From, Kafka, KafkaBegin, KafkaReplyBegin } from '../../src/protocol/kafka.ts';
import { errorOf } from '../../src/protocol/kafka-error.ts';
import { replies } from '../../src/protocol/kafka-states.ts';
import type { Sse } from '../../src/protocol/sse.ts';
import type { Binding } from '../../src/protocol.ts';
import { type Resume, resumeOf } from './event-ids.ts';
import { EventLane, type ToldGap } from './event-lane.ts';
import type { RecordEvents } from './record-events.ts';

/** What a client asks for. */
export interface Asked {
  readonly topic: string;
  /** Of which a record must meet any; none for everything. */
  readonly filters: readonly Filter[];
  /** The id of the last event that it had; empty for none. */
  readonly lastEventId: string;
}

export interface EventStreamOptions {
  readonly events: RecordEvents;
  /** How many bytes of records may wait for the client. */
  readonly window: number;
  readonly scheduler: SchedulerLike;
}

/** The records of a topic as events for one client, from where it was on. */
export const eventStream =
  (exit: Binding<Kafka>, asked: Asked, { events, window, scheduler }: EventStreamOptions): Binding<Sse> =>
  (initial) =>
    new Observable((out) => {
      const lane = new EventLane(asked.topic, events, window);
      const outlet = emit<Sse['reply']>(out, lane, scheduler);
      const finish = (frame: End<undefined> | Abort<HttpFault>): void => {
        lane.close(frame);
        outlet.wake();
      };

      const open = (from: KafkaFrom | undefined, resume: Resume | undefined, gaps: readonly ToldGap[]): void => {
        const stream = new Subscriber<never>({
          next() {},
          error: (thrown: unknown) => out.error(thrown),
          complete() {},
        });
        out.add(stream);
        listen(replies(exit, beginOf(asked, from)), stream, {
          next(frame) {
            switch (frame.kind) {
              case 'begin': {
                if (resume !== undefined && isAnother(frame.ext, resume)) {
                  stream.unsubscribe();
                  return open({ default: 'earliest' }, undefined, recreated(resume));
                }
                const refusal = lane.begin(frame, gaps);
                return refusal === undefined ? outlet.begin(undefined) : finish(refusal);
              }
              case 'data':
              case 'flush':
                lane.next(frame, outlet.balance);
                return outlet.wake();
              default:
                finish(frame);
            }
          },
          complete: () => lane.closing || finish(abort(errorOf())),
        });
      };

      listen(initial, out, {
        next(frame) {
          if (frame.kind === 'abort' || frame.kind === 'end') finish(frame);
        },
        complete() {},
      });
      const resume = resumeOf(asked.lastEventId);
      if (resume !== undefined) open({ default: 'earliest', partitions: placesOf(resume) }, resume, []);
      else open(undefined, undefined, asked.lastEventId === '' ? [] : [UNKNOWN_ID]);
    });

type KafkaFrom = NonNullable<Extract<KafkaBegin, { api: 'merged' }>['from']>;

/** Told to a client that comes with an id which is none of ours. */
const UNKNOWN_ID: ToldGap = { reason: 'unknown-id' };

const beginOf = ({ topic, filters }: Asked, from: KafkaFrom | undefined): KafkaBegin => ({
  api: 'merged',
  capabilities: 'fetch',
  topic,
  ...(filters.length > 0 && { filters }),
  ...(from !== undefined && { from }),
});

const placesOf = ({ offsets }: Resume): ReadonlyMap<number, From> =>
  new Map([...offsets].map(([partition, offset]) => [partition, { offset }]));

/** Whether a stream began in another topic than the one that the offsets are of. */
const isAnother = (begin: KafkaReplyBegin, { topicId }: Resume): boolean =>
  begin.api === 'merged' && begin.topicId !== undefined && topicId !== '' && begin.topicId !== topicId;

/** The offsets are of a topic that is there no longer; the one that has its name is read from its start. */
const recreated = ({ offsets }: Resume): ToldGap[] =>
  [...offsets].map(([partition, offset]) => ({ partition, from: offset, to: offset, reason: 'recreated' }));
