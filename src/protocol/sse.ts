import type { Mark } from '../marks.ts';
import type { Lane, Protocol } from '../protocol.ts';
import type { Authorization } from './guard.ts';
import type { HttpFault, HttpHeader } from './http.ts';
import type { SseEvents } from './sse-events.ts';

/** What opens a stream of events: a client that listens. */
export interface SseBegin {
  /** Those of its request, pseudo-headers included. */
  readonly headers: readonly HttpHeader[];
  /** The path that it asks for, without the query. */
  readonly path: string;
  /** The id of the last event that it had, from `Last-Event-ID` or the query's `lastEventId`. */
  readonly lastEventId?: string;
  /** What guards found of its request. */
  readonly authorization?: Authorization;
}

/** Moves the id that a client comes back with, without an event; it may take the place of an earlier one. */
export interface SseProgress extends Mark {
  readonly mark: 'progress';
  readonly id: string;
}

interface SseInitial extends Lane {
  readonly begin: SseBegin;
  readonly data: never;
  readonly flush: never;
  readonly end: undefined;
  readonly abort: HttpFault;
}

interface SseReply extends Lane {
  readonly begin: undefined;
  readonly data: SseEvents;
  readonly flush: SseProgress;
  readonly end: undefined;
  readonly abort: HttpFault;
}

/** Events sent to who listens. END of the reply is for a client to come back; a lone ABORT is answered with a status. */
export interface Sse extends Protocol {
  readonly initial: SseInitial;
  readonly reply: SseReply;
}
