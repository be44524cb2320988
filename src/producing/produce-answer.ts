import type { ControlSink } from '../control.ts';
import { Deque } from '../deque.ts';
import { type Begin, end, type Flush, flush } from '../frame.ts';
import type { KafkaAnswer, KafkaBegin } from '../protocol/kafka.ts';
import type { Answering, Stream } from '../protocol/kafka-stream.ts';
import { ProduceLane, type ProduceLaneOptions } from './produce-lane.ts';

export type ProduceAnswerOptions = Omit<ProduceLaneOptions, 'answer' | 'done' | 'fail'>;

/** Answers a stream that produces: the records of its initial lane, each answered. */
export function produceAnswer(begin: Begin<KafkaBegin>, stream: Stream, options: ProduceAnswerOptions): Answering {
  const answers = new Deque<Flush<KafkaAnswer>>();
  let isDone = false;
  let failure: { readonly thrown: unknown } | undefined;
  const lane = new ProduceLane({
    ...options,
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
