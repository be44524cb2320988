import type { Duplex } from 'node:stream';
import { Observable, type SchedulerLike } from 'rxjs';
import { emitter } from '../emitter.ts';
import type { Fault } from '../errors.ts';
import { listen } from '../listen.ts';
import type { Net, NetBegin, NetLane } from '../protocol/net.ts';
import type { Binding } from '../protocol.ts';
import { Connection } from './connection.ts';

export interface ServeOptions {
  /** How many bytes of the reply may wait to be written, an integer >= 1. */
  readonly window: number;
  /** Says why the stream broke; without an error, it was closed before its time. */
  readonly explain: (error?: Error) => Fault;
  readonly scheduler: SchedulerLike;
}

/**
 * Runs an accepted node stream as one stream into `exit`: what it brings is the initial lane, begun with `begin`, and
 * the reply is written to it. Completes when both are over; unsubscribing cuts the stream off. A defect of `exit` cuts
 * it off too, and is the error.
 */
export const serve = (
  stream: Duplex,
  begin: NetBegin,
  exit: Binding<Net>,
  { window, explain, scheduler }: ServeOptions,
): Observable<never> =>
  new Observable((out) => {
    let replied = false;
    const settle = (): void => {
      // What the peer sent before it went may still be on its way to `exit`, and from there further on.
      if (connection.over && (replied || connection.failed)) out.complete();
    };
    const connection = new Connection(stream, { window, explain, scheduler, over: settle });
    out.add(() => connection.destroy());
    const initial = emitter<NetLane>(begin, (wake, lane) => connection.reader.start(wake, lane), scheduler);
    listen(exit(initial), out, {
      next: (frame) => connection.writer.next(frame),
      complete() {
        replied = true;
        connection.writer.complete();
        settle();
      },
    });
  });
