import { Observable, type SchedulerLike } from 'rxjs';
import { emitter } from '../emitter.ts';
import type { Frame } from '../frame.ts';
import { listen } from '../listen.ts';
import { Patience } from '../patience.ts';
import { type Http, httpFault } from '../protocol/http.ts';
import type { Acks, Kafka, ProducedRecord } from '../protocol/kafka.ts';
import { errorOf } from '../protocol/kafka-error.ts';
import type { Binding } from '../protocol.ts';
import { GIVEN_UP, RequestBody } from './request-body.ts';

/** A request that becomes a record. */
export interface Producing {
  readonly exit: Binding<Kafka>;
  readonly topic: string;
  readonly acks: Acks;
  readonly record: ProducedRecord;
  /** Whether a request without a body is a tombstone. */
  readonly isTombstone: boolean;
  /** The request. */
  readonly initial: Observable<Frame<Http['initial']>>;
  /** How long Kafka's side may take nothing of what waits for it, in milliseconds. */
  readonly timeout: number;
  readonly scheduler: SchedulerLike;
}

/** Completes once the request is written, as far as its acks ask for; errors with a fault if it is not. */
export const produced = (producing: Producing): Observable<never> =>
  new Observable((out) => {
    const { exit, topic, acks, record, isTombstone, initial, timeout, scheduler } = producing;
    const body = new RequestBody(record, isTombstone, () => patience.took());
    const patience = new Patience(
      timeout,
      scheduler,
      () => body.isWaiting,
      () =>
        out.error(httpFault('HTTP_UPSTREAM_TIMEOUT', `topic ${topic} took nothing of the request for ${timeout} ms`)),
    );
    out.add(() => patience.close());
    const lane = emitter<Kafka['initial']>(
      { api: 'merged', capabilities: 'produce', topic, acks },
      (wake, life) => {
        listen(initial, life, {
          next(frame) {
            body.next(frame);
            wake();
            if (frame.kind === 'abort') out.error(GIVEN_UP);
          },
          complete() {},
        });
        return body;
      },
      scheduler,
    );
    listen(exit(lane), out, {
      next(frame) {
        if (frame.kind === 'flush' && 'answer' in frame.ext) {
          if (frame.ext.answer === 'produced') out.complete();
          else out.error(errorOf(frame.ext.fault));
        } else if (frame.kind === 'abort') out.error(errorOf(frame.ext));
        else if (frame.kind === 'end') out.error(errorOf());
      },
      complete: () => out.error(errorOf()),
    });
  });
