import { NEVER, Observable, type SchedulerLike } from 'rxjs';
import { emit, emitter } from '../../src/emitter.ts';
import { positive } from '../../src/errors.ts';
import { abort, end, type Frame } from '../../src/frame.ts';
import { listen } from '../../src/listen.ts';
import { NextTurn } from '../../src/next-turn.ts';
import {
  type Http,
  type HttpBegin,
  type HttpFault,
  headerOf,
  headersOf,
  httpFault,
  pathOf,
  queryOf,
} from '../../src/protocol/http.ts';
import type { Sse, SseBegin } from '../../src/protocol/sse.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';
import { challenges } from './challenges.ts';
import { EventWriter } from './event-writer.ts';

export interface SseServerOptions {
  /** How long a client that lost its connection waits before it comes back, in milliseconds, and up to half as long again. 2,000 by default. */
  readonly retry?: number;
  /** How often a client that is sent nothing else is sent a comment, in milliseconds; 15,000 by default. */
  readonly heartbeat?: number;
  /** How many bytes of events may wait for a client, an integer >= 1; 32 KiB by default. */
  readonly window?: number;
  /** Told of a defect in sending to one client, which keeps nothing from the others. Prints by default. */
  readonly onDefect?: (defect: unknown) => void;
}

/**
 * Sends events to clients that listen, as `text/event-stream`. Every request opens a stream at the exit, which begins with
 * its path and the id of the last event that the client had; the reply is what the client is sent. What comes for a client
 * in one turn of the event loop leaves in one write, and one that takes nothing is sent nothing: its credit stops.
 *
 * The exit's END ends the answer, and a client comes back for more, and so does an ABORT as what it showed to a guard has
 * expired, or its server is about to stop; a lone ABORT is answered with a status. Where a guard asks for that, a client is sent a `challenge` event before:
 * how to show itself anew.
 *
 * @throws SluiceError OPTION_INVALID
 *
 * @example
 * tcpServer({ port: 7114 })(httpServer()(sseServer()(news))).subscribe();
 */
export const sseServer = (
  options: SseServerOptions = {},
  scheduler: SchedulerLike = eventLoop,
): ((exit: Binding<Sse>) => Binding<Http>) => {
  const { retry = 2_000, heartbeat = 15_000, window = 32 * 1024 } = options;
  const { onDefect: report = (defect: unknown) => console.error(defect) } = options;
  positive('retry', retry);
  positive('heartbeat', heartbeat);
  positive('window', window);

  return (exit) => {
    const turn = new NextTurn(scheduler, report);
    return (initial) =>
      new Observable((out) => {
        const refuse = (fault: HttpFault | undefined): void => {
          out.next(abort(fault));
          out.complete();
        };
        let left: (fault: HttpFault | undefined) => void = refuse;

        const open = (begin: SseBegin, draining: Observable<unknown> = NEVER): void => {
          const writer = new EventWriter({ window, heartbeat, scheduler, turn });
          const outlet = emit<Http['reply']>(out, writer, scheduler);
          let fault: HttpFault | undefined;
          let gone = false;
          const listening = emitter<Sse['initial']>(
            begin,
            (wake) => {
              left = (why) => {
                [gone, fault] = [true, why];
                wake();
              };
              return { pull: () => (gone ? abort(fault) : undefined) };
            },
            scheduler,
          );
          out.add(writer.start(() => outlet.wake()));
          listen(challenges(begin.authorization, scheduler), out, {
            next: (challenge) => writer.say(challenge),
            complete() {},
          });
          let stopping = false;
          const stop = (): void => {
            stopping = true;
            if (!writer.begun) return;
            replying.unsubscribe();
            writer.next(end(), retry);
          };
          const replying = listen(exit(listening), out, {
            next(frame: Frame<Sse['reply']>) {
              if (frame.kind === 'begin') outlet.begin({ headers: HEADERS });
              else if (frame.kind === 'abort' && !writer.begun) return refuse(frame.ext);
              const expired = frame.kind === 'abort' && frame.ext?.code === 'GUARD_EXPIRED';
              writer.next(expired ? end() : frame, retry * (1 + Math.random() / 2));
              if (stopping) stop();
            },
            complete: () => writer.begun || out.complete(),
          });
          listen(draining, out, { next: stop, complete() {} });
        };

        listen(initial, out, {
          next(frame) {
            if (frame.kind === 'abort') return left(frame.ext);
            if (frame.kind !== 'begin') return;
            const fault = refusal(frame.ext);
            if (fault === undefined) open(opening(frame.ext), frame.ext.draining);
            else refuse(fault);
          },
          // A request is over long before its answer is.
          complete() {},
        });
      });
  };
};

const HEADERS = headersOf({
  ':status': '200',
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
});

function refusal({ headers }: HttpBegin): HttpFault | undefined {
  const method = headerOf(headers, ':method') ?? '';
  if (method !== 'GET' && method !== 'HEAD')
    return httpFault('HTTP_METHOD', `events are asked for with GET, not ${method}`, headersOf({ allow: 'GET, HEAD' }));
  const accepted = headers.filter(({ name }) => name === 'accept').flatMap(({ value }) => value.split(','));
  if (accepted.length === 0 || accepted.some((one) => EVENTS.test(one) && !REFUSED.test(one))) return undefined;
  return httpFault('HTTP_NOT_ACCEPTABLE', 'there is text/event-stream only');
}

const EVENTS = /^\s*(text\/(event-stream|\*)|\*\/\*)\s*(;|$)/i;
/** A weight of nothing (RFC 9110, section 12.4.2). */
const REFUSED = /;\s*q=0(\.0*)?\s*(;|$)/i;

function opening({ headers, authorization }: HttpBegin): SseBegin {
  const target = headerOf(headers, ':path') ?? '/';
  // Clients send it in UTF-8; node has a character for each byte of a header.
  const sent = headerOf(headers, 'last-event-id');
  const lastEventId =
    sent === undefined ? (queryOf(target).get('lastEventId') ?? undefined) : Buffer.from(sent, 'latin1').toString();
  return {
    headers,
    path: pathOf(target),
    ...(lastEventId !== undefined && { lastEventId }),
    ...(authorization !== undefined && { authorization }),
  };
}
