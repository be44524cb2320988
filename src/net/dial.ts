import type { Duplex } from 'node:stream';
import { Observable, type SchedulerLike, Subscriber } from 'rxjs';
import { reset } from '../control.ts';
import { emit } from '../emitter.ts';
import { type Fault, SluiceError } from '../errors.ts';
import { abort, type Begin, type Frame } from '../frame.ts';
import { listen } from '../listen.ts';
import type { Net, NetBegin, NetLane } from '../protocol/net.ts';
import type { Binding } from '../protocol.ts';
import { Connection } from './connection.ts';

/** A node stream that is ready for use. */
export interface Opened {
  readonly stream: Duplex;
  /** What is known of the far end. */
  readonly begin: NetBegin;
  /** Says why the stream broke; without an error, it was closed before its time. */
  readonly explain: (error?: Error) => Fault;
}

export interface DialOptions {
  /** How many bytes of the initial lane may wait to be written, an integer >= 1. */
  readonly window: number;
  readonly scheduler: SchedulerLike;
}

/**
 * A binding at whose far end is a node stream: `open` opens one for every BEGIN, completes when all that it took is
 * released, and errors with a SluiceError if it cannot. The initial lane has no credit before that. The reply's END is the half-close of the far end; the reply
 * completes when both lanes are over and the stream is closed, and unsubscribing before that cuts the stream off.
 */
export const dial =
  (open: (begin: NetBegin) => Observable<Opened>, { window, scheduler }: DialOptions): Binding<Net> =>
  (initial) =>
    new Observable((out) => {
      let connection: Connection | undefined;
      let opening: Begin<NetBegin> | undefined;
      let early: Frame<NetLane> | undefined;
      let refusal: Fault | undefined;
      let initialOver = false;
      let replyOver = false;
      let openOver = false;

      const settle = (): void => {
        const failed = refusal !== undefined || (connection?.over && connection.failed);
        if (replyOver && (failed || (connection?.over && initialOver && openOver))) out.complete();
      };
      // The reply lane may end long before the initial one; completing with it would take the initial lane down.
      const reply = new Subscriber<Frame<NetLane>>({
        next: (frame) => out.next(frame),
        error: (defect: unknown) => out.error(defect),
        complete() {
          replyOver = true;
          settle();
        },
      });
      out.add(reply);
      const outlet = emit<NetLane>(
        reply,
        { pull: (balance) => (refusal === undefined ? connection?.reader.pull(balance) : abort(refusal)) },
        scheduler,
      );

      const refuse = (fault: Fault): void => {
        if (refusal !== undefined) return;
        refusal = fault;
        if (!initialOver) opening?.control(reset(fault));
        outlet.wake();
        settle();
      };

      const opened = ({ stream, begin, explain }: Opened): void => {
        connection = new Connection(stream, { window, explain, scheduler, over: settle });
        out.add(() => connection?.destroy());
        connection.reader.start(() => outlet.wake(), reply);
        outlet.begin(begin);
        if (opening !== undefined) connection.writer.next(opening);
        if (early !== undefined) connection.writer.next(early);
      };

      const begun = (frame: Begin<NetBegin>): void => {
        opening = frame;
        listen(open(frame.ext), out, {
          next: opened,
          error(thrown) {
            if (thrown instanceof SluiceError) refuse(thrown);
            else out.error(thrown);
          },
          complete() {
            openOver = true;
            settle();
          },
        });
      };

      listen(initial, out, {
        next(frame) {
          if (frame.kind === 'begin') return begun(frame);
          initialOver = frame.kind === 'end' || frame.kind === 'abort';
          if (connection !== undefined) connection.writer.next(frame);
          else if (frame.kind === 'abort') refuse(frame.ext ?? new SluiceError('NET_CLOSED', 'given up by its opener'));
          else early = frame;
        },
        complete() {
          initialOver = true;
          if (connection !== undefined) connection.writer.complete();
          else if (early === undefined && refusal === undefined) out.complete();
          settle();
        },
      });
    });
