import { catchError, distinctUntilChanged, filter, map, Observable, of, take } from 'rxjs';
import { type ControlSink, window } from '../control.ts';
import { emitter } from '../emitter.ts';
import { data, type Frame } from '../frame.ts';
import { listen } from '../listen.ts';
import type { Binding } from '../protocol.ts';
import type { Description, Kafka, KafkaBegin, Meta } from './kafka.ts';
import { errorOf } from './kafka-error.ts';
import type { Answering, Stream } from './kafka-stream.ts';

/** How much of a state may be under way, in bytes; one that is larger comes all the same. */
const WINDOW = 65_536;

/** What a binding replies to a stream that sends nothing behind its BEGIN. */
export const replies = (binding: Binding<Kafka>, begin: KafkaBegin): Observable<Frame<Kafka['reply']>> =>
  binding(emitter<Kafka['initial']>(begin, () => ({ pull: () => undefined })));

/** What a binding replies to a stream that reads, all of it taken: completes at its END, and errors with the fault of its ABORT. */
export const taken = (
  binding: Binding<Kafka>,
  begin: KafkaBegin,
): Observable<Exclude<Frame<Kafka['reply']>, { kind: 'end' | 'abort' }>> =>
  new Observable((out) => {
    let control: ControlSink = () => {};
    listen(replies(binding, begin), out, {
      next(frame) {
        if (frame.kind === 'end') return out.complete();
        if (frame.kind === 'abort') return out.error(errorOf(frame.ext));
        if (frame.kind === 'begin') control = frame.control;
        out.next(frame);
        if (frame.kind === 'begin') control(window(WINDOW));
        else if (frame.kind === 'data') control(window(frame.reserved));
      },
    });
  });

/** The states that a binding tells on a `meta` or `describe` stream. */
export const states = <T extends Meta | Description>(
  binding: Binding<Kafka>,
  begin: Extract<KafkaBegin, { api: 'meta' | 'describe' }>,
): Observable<T> =>
  taken(binding, begin).pipe(
    filter((frame) => frame.kind === 'data'),
    map(({ payload }) => payload as T),
  );

type DirectBegin = Extract<KafkaBegin, { api: 'meta' | 'describe' }> &
  ({ readonly create: true } | { readonly direct: true });

/** Whether a stream asks the cluster itself, whatever a cache knows. */
export const isDirect = (ext: KafkaBegin): ext is DirectBegin =>
  (ext.api === 'meta' && ext.create === true) || (ext.api === 'describe' && ext.direct === true);

const NOT_ALLOWED: readonly unknown[] = ['TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'];

/**
 * The cleanup policy that descriptions of a topic tell, once; `undefined` where this user may not see it. Errors as they do.
 */
export const cleanupPolicy = (descriptions: Observable<Description>): Observable<string | undefined> =>
  configOf(descriptions.pipe(take(1)), CLEANUP_POLICY);

/** The name of the configuration that says how a topic is cleaned. */
export const CLEANUP_POLICY = 'cleanup.policy';

/**
 * The most bytes of a record batch of a topic, by its descriptions; `undefined` where this user may not see it. Errors as
 * they do.
 */
export const maxMessageBytes = (descriptions: Observable<Description>): Observable<number | undefined> =>
  configOf(descriptions, MAX_MESSAGE_BYTES).pipe(map((value) => (value === undefined ? undefined : Number(value))));

/** The name of the configuration that says how large a batch may be. */
export const MAX_MESSAGE_BYTES = 'max.message.bytes';

/** What it is where nothing else is said (Kafka's TopicConfig): 1 MiB of records, and what a batch has beside them. */
export const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;

/** Whoever may read a topic, or write to it, need not be allowed to see how it is configured. */
const configOf = (descriptions: Observable<Description>, name: string): Observable<string | undefined> =>
  descriptions.pipe(
    map(({ configs }) => configs[name] ?? undefined),
    catchError((thrown) => {
      if (NOT_ALLOWED.includes(thrown?.kafka?.name)) return of(undefined);
      throw thrown;
    }),
  );

/** Of a topic's configuration, what is asked for: all of it for an empty list. */
export const chosen = ({ configs }: Description, names: readonly string[]): Description =>
  names.length === 0
    ? { configs }
    : {
        configs: Object.fromEntries(
          names.flatMap((name) => (Object.hasOwn(configs, name) ? [[name, configs[name] ?? null]] : [])),
        ),
      };

/** Answers a `meta` stream: the first of these, and each that differs from the one before. */
export const metaAnswer = (metas: Observable<Meta>, stream: Stream): Answering =>
  latestOf(metas, 'meta', (meta) => meta.partitions.length * BYTES_A_PARTITION, stream);

/** Answers a `describe` stream: the first of these, and each that differs from the one before. */
export const describeAnswer = (descriptions: Observable<Description>, stream: Stream): Answering =>
  latestOf(descriptions, 'describe', (description) => Buffer.byteLength(JSON.stringify(description)), stream);

/** Answers a stream that asks the cluster itself: as the exit that leads there does. */
export const directAnswer = (exit: Binding<Kafka>, ext: DirectBegin, stream: Stream): Answering =>
  ext.api === 'meta'
    ? metaAnswer(states<Meta>(exit, ext), stream)
    : describeAnswer(states<Description>(exit, ext), stream);

/** Two numbers of 32 bits. */
const BYTES_A_PARTITION = 8;

/** Sends states, of which one that is still to be sent is replaced by the next; begins with the first. */
function latestOf<T extends Meta | Description>(
  states: Observable<T>,
  api: 'meta' | 'describe',
  cost: (state: T) => number,
  stream: Stream,
): Answering {
  let waiting: T | undefined;
  let hasBegun = false;
  listen(
    states.pipe(distinctUntilChanged((before, after) => JSON.stringify(before) === JSON.stringify(after))),
    stream.life,
    {
      next(state) {
        waiting = state;
        if (!hasBegun) stream.begin({ api });
        hasBegun = true;
        stream.wake();
      },
      complete() {},
    },
  );
  return {
    pull(balance) {
      if (balance <= 0 || waiting === undefined) return undefined;
      const state = waiting;
      waiting = undefined;
      return data(state, Math.max(1, cost(state)));
    },
  };
}
