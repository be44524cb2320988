import type { SchedulerLike } from 'rxjs';
import type { PathWhen } from '../../src/path-pattern.ts';
import type { ExpressionValues } from '../../src/protocol/expression.ts';
import type { FilterExpressions } from '../../src/protocol/filter-expressions.ts';
import { type Http, type HttpBegin, httpFault } from '../../src/protocol/http.ts';
import type { Acks, Kafka } from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';

/** Answers GET and HEAD with what a topic holds. Texts may hold expressions. */
export interface HttpKafkaFetch {
  readonly capability: 'fetch';
  readonly topic: string;
  /** Which records are meant: what any of these accepts; all by default. */
  readonly filters?: readonly FilterExpressions[];
  /** All of them, as one array; without it, the newest. */
  readonly merge?: { readonly contentType: 'application/json' };
}

/** Writes each request to a topic. Texts may hold expressions, `${idempotencyKey}` among them. */
export interface HttpKafkaProduce {
  readonly capability: 'produce';
  readonly topic: string;
  /** `all` by default. */
  readonly acks?: Acks;
  /** The key of the record; none by default. */
  readonly key?: string;
  /** More headers of the record, by their names. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** The topic whose records answer requests; without it, a request is answered once it is written. */
  readonly replyTo?: string;
  /** The name of the record's header that its reply has to bring back; that of the options by default. */
  readonly correlationId?: string;
  /**
   * The headers, such as `location`, that tell a client which would rather not wait where its answer will be, by their names;
   * `${correlationId}` is that of the request. A GET of what one of them says answers it.
   */
  readonly async?: Readonly<Record<string, string>>;
}

export interface HttpKafkaRoute {
  /** Conditions, any of which takes a request; without any, it takes all. */
  readonly when: readonly PathWhen[];
  readonly with: HttpKafkaFetch | HttpKafkaProduce;
  readonly exit: Binding<Kafka>;
}

/** The names of headers that the two sides agree on. */
export interface HeaderNames {
  /** That of requests which says that two of them are the same one. */
  readonly idempotencyKey: string;
  /** That of records which says where to reply to. */
  readonly replyTo: string;
  /** That of records which says what they reply to. */
  readonly correlationId: string;
}

/** What all routes of a proxy have in common. */
export interface Settings {
  readonly header: HeaderNames;
  /** How long Kafka may keep a request waiting, in milliseconds. */
  readonly timeout: number;
  /** How old a reply may be that is there before its request, in milliseconds. */
  readonly lookBack: number;
  readonly scheduler: SchedulerLike;
}

/** What answers a request that a route takes. @throws SluiceError for one that it refuses */
export type Way = (begin: HttpBegin, values: ExpressionValues) => Binding<Http>;

/** What expressions make of a request. @throws SluiceError HTTP_FORBIDDEN where they name an identity that is not there */
export function filled<T>(fill: (values: ExpressionValues) => T | undefined, values: ExpressionValues): T {
  const value = fill(values);
  if (value === undefined) throw httpFault('HTTP_FORBIDDEN', 'the request is from nobody who is known');
  return value;
}
