import { concat, forkJoin, map, merge, NEVER, type Observable, of, take } from 'rxjs';
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
  /** Emits once the client waits no longer; `undefined` where it waits as long as it is there. */
  readonly due: Observable<unknown> | undefined;
  /** What a client is told that does not wait for longer; without it, 504. */
  readonly accepted: HttpAnswer | undefined;
}

/** The answer to a request that `written` writes: its reply, or that it is accepted. */
export function respond(responding: Responding, written: Observable<undefined>): Observable<HttpAnswer> {
  const { replies, to, due, accepted } = responding;
  if (accepted !== undefined && due === undefined) return written.pipe(map(() => accepted));
  return replies.correlate(to, (reply) =>
    forkJoin([answerOf(reply, responding), written]).pipe(map(([answer]) => answer)),
  );
}

/** The answer to a request that was accepted before. */
export function respondLater(responding: Responding & { readonly accepted: HttpAnswer }): Observable<HttpAnswer> {
  const { replies, header, to, due, accepted } = responding;
  if (due !== undefined) return respond(responding, of(undefined));
  return concat(replies.find(to).pipe(map((reply) => replyAnswer(reply, header))), of(accepted));
}

function answerOf(reply: Observable<KafkaRecord>, { header, due = NEVER, accepted }: Responding) {
  const answer = reply.pipe(map((record) => replyAnswer(record, header)));
  const late = due.pipe(
    map(() => {
      if (accepted !== undefined) return accepted;
      throw httpFault('HTTP_UPSTREAM_TIMEOUT', 'no reply came while the client waited');
    }),
  );
  return merge(answer, late).pipe(take(1));
}
