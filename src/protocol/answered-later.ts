import type { Observable } from 'rxjs';
import { listen } from '../listen.ts';
import type { Answering, Stream } from './kafka-stream.ts';

type Received = Parameters<NonNullable<Answering['receive']>>[0];

/**
 * Answers a stream by what `open` makes of a value, once that is there, and for as long as it is; what it errors with aborts
 * the stream. What comes on the initial lane before that waits.
 */
export function answeredLater<T>(value: Observable<T>, open: (value: T) => Answering, stream: Stream): Answering {
  let answering: Answering | undefined;
  const early: Received[] = [];
  const receive = (frame: Received): void => {
    if (answering === undefined) early.push(frame);
    else if (answering.receive !== undefined) answering.receive(frame);
    else if (frame.kind === 'end') stream.close();
  };
  listen(value, stream.life, {
    next(found) {
      answering = open(found);
      for (const frame of early.splice(0)) receive(frame);
      stream.wake();
    },
    complete() {},
  });
  return {
    pull: (balance) => answering?.pull(balance),
    idle: () => answering?.idle?.() ?? false,
    receive,
  };
}
