import { map, type Observable } from 'rxjs';
import type { ControlSink } from '../../control.ts';
import { Deque } from '../../deque.ts';
import { type Begin, end, type Flush, flush } from '../../frame.ts';
import type { Acks, KafkaAnswer, KafkaBegin } from '../../protocol/kafka.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';
import { ProduceLane } from '../producer/produce-lane.ts';
import { maxMessageBytesOf } from '../topic-configs.ts';
import type { Context } from './context.ts';

export interface ProducingOptions {
  readonly topic: string;
  /** The one partition of the stream, if it has but one. */
  readonly only?: number;
  readonly acks: Acks;
}

/** What a produce stream and a merged one have in common: the records of the initial lane, each answered. */
export function producing(
  context: Context,
  begin: Begin<KafkaBegin>,
  stream: Stream,
  options: ProducingOptions,
): Answering {
  const answers = new Deque<Flush<KafkaAnswer>>();
  let isDone = false;
  let failure: { readonly thrown: unknown } | undefined;
  const { cluster, producer, scheduler, produceWindow: window } = context;
  const lane = new ProduceLane({
    ...options,
    cluster,
    producer,
    window,
    maxRecord: context.maxRecord ?? largest(context, options.topic),
    answer(answer) {
      answers.push(flush(answer));
      stream.wake();
    },
    done() {
      isDone = true;
      stream.wake();
    },
    fail(thrown) {
      failure = { thrown };
      stream.wake();
    },
    scheduler,
  });
  stream.life.add(() => lane.close());
  // The lane is refused with the stream, once all is answered that was whole.
  const control: ControlSink = (control) => control.kind === 'window' && begin.control(control);
  lane.receive({ kind: 'begin', ext: begin.ext, control });
  return {
    pull() {
      const answer = answers.shift();
      if (answer !== undefined) return answer;
      if (failure !== undefined) throw failure.thrown;
      return isDone ? end() : undefined;
    },
    receive: (frame) => lane.receive(frame),
  };
}

/** The most bytes of a record of a topic whose configuration may not be seen: Kafka's default. */
const UNSEEN = 1_048_588;

const largest = (context: Context, topic: string): Observable<number> =>
  maxMessageBytesOf(context.cluster, topic, context).pipe(map((limit = UNSEEN) => limit));
