import { concat, forkJoin, map, type Observable, of, type SchedulerLike, throwError, timeout } from 'rxjs';
import { httpFault } from '../protocol/http.ts';
import type { KafkaRecord } from '../protocol/kafka.ts';
import type { HttpAnswer } from './answered.ts';
import type { Replies, ReplyTo } from './replies.ts';
import { replyAnswer } from './reply-answer.ts';

export interface Responding {
  readonly replies: Replies;
  /** The name of the header that says what a record replies to. */
  readonly header: string;
  readonly to: ReplyTo;
  /** How long the client waits, in milliseconds; without it, as long as it is there. */
  readonly wait: number | undefined;
  /** What a client is told that does not wait for longer; without it, 504. */
  readonly accepted: HttpAnswer | undefined;
  readonly scheduler: SchedulerLike;
}

/** The answer to a request that `written` writes: its reply, or that it is accepted. */
export function respond(responding: Responding, written: Observable<undefined>): Observable<HttpAnswer> {
  const { replies, to, wait, accepted } = responding;
  if (accepted !== undefined && wait === undefined) return written.pipe(map(() => accepted));
  return replies.correlate(to, (reply) =>
    forkJoin([answerOf(reply, responding), written]).pipe(map(([answer]) => answer)),
  );
}

/** The answer to a request that was accepted before. */
export function respondLater(responding: Responding & { readonly accepted: HttpAnswer }): Observable<HttpAnswer> {
  const { replies, header, to, wait, accepted } = responding;
  if (wait !== undefined) return respond(responding, of(undefined));
  return concat(replies.find(to).pipe(map((reply) => replyAnswer(reply, header))), of(accepted));
}

function answerOf(reply: Observable<KafkaRecord>, { header, wait, accepted, scheduler }: Responding) {
  const answer = reply.pipe(map((record) => replyAnswer(record, header)));
  if (wait === undefined) return answer;
  const late = () => throwError(() => httpFault('HTTP_UPSTREAM_TIMEOUT', 'no reply came while the client waited'));
  return answer.pipe(timeout({ first: wait, with: () => (accepted === undefined ? late() : of(accepted)), scheduler }));
}
