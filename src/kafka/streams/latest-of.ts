import type { Observable } from 'rxjs';
import type { Data } from '../../frame.ts';
import { listen } from '../../listen.ts';
import type { Kafka, KafkaReplyBegin } from '../../protocol/kafka.ts';
import type { Answering, Stream } from '../../protocol/kafka-stream.ts';

/** Sends states, of which one that is still to be sent is replaced by the next; begins with the first. */
export function latestOf(
  states: Observable<Data<Kafka['reply']['data']>>,
  begin: KafkaReplyBegin,
  stream: Stream,
): Answering {
  let waiting: Data<Kafka['reply']['data']> | undefined;
  let hasBegun = false;
  listen(states, stream.life, {
    next(state) {
      waiting = state;
      if (!hasBegun) stream.begin(begin);
      hasBegun = true;
      stream.wake();
    },
    complete() {},
  });
  return {
    pull(balance) {
      if (balance <= 0) return undefined;
      const state = waiting;
      waiting = undefined;
      return state;
    },
  };
}
