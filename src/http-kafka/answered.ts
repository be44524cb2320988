import { catchError, concatMap, type Observable, of, type SchedulerLike, take } from 'rxjs';
import { emitter } from '../emitter.ts';
import { isFault } from '../errors.ts';
import { Fifo } from '../flow/queue.ts';
import { abort, data, end, type Following, type Frame } from '../frame.ts';
import type { Http, HttpReplyBegin } from '../protocol/http.ts';

type Reply = Http['reply'];

/** An answer that is whole. */
export interface HttpAnswer extends HttpReplyBegin {
  /** None by default. */
  readonly body?: Uint8Array;
}

/** The reply that the first of `answers` is; a fault that they error with is a lone ABORT with a status. */
export const answered = (answers: Observable<HttpAnswer>, scheduler: SchedulerLike): Observable<Frame<Reply>> =>
  answers.pipe(
    take(1),
    concatMap((answer) => replyOf(answer, scheduler)),
    catchError((thrown: unknown) => {
      if (isFault(thrown)) return of(abort(thrown));
      throw thrown;
    }),
  );

const replyOf = ({ headers, body }: HttpAnswer, scheduler: SchedulerLike): Observable<Frame<Reply>> =>
  emitter<Reply>(
    { headers },
    () => {
      const queue = new Fifo<Reply>(() => {});
      if (body !== undefined && body.length > 0) queue.offer(data(body, body.length));
      return {
        pull: (balance): Following<Reply> | undefined => queue.poll(balance) ?? (queue.empty ? end() : undefined),
      };
    },
    scheduler,
  );
