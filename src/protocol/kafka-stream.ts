import { Observable, type SchedulerLike, Subscriber } from 'rxjs';
import { reset } from '../control.ts';
import { emit, type Outlet } from '../emitter.ts';
import { abort, type Begin, end, type Following, type Frame } from '../frame.ts';
import { listen } from '../listen.ts';
import type { Binding } from '../protocol.ts';
import type { Kafka, KafkaBegin, KafkaFault, KafkaReplyBegin } from './kafka.ts';
import { isFault } from './kafka-error.ts';

type Initial = Kafka['initial'];
type Reply = Kafka['reply'];

/** One stream in the hands of who answers it. */
export interface Stream {
  /** What it lives in: what is added to it ends with the stream. A fault that it errors with aborts the stream. */
  readonly life: Subscriber<never>;
  /** The credit left. */
  readonly balance: number;
  /** Sends BEGIN. */
  begin(ext: KafkaReplyBegin): void;
  /** Pulls what there is to send. */
  wake(): void;
  /** Ends the reply, as soon as it has begun. */
  close(): void;
}

/** What answers a stream: its reply, and what it does with the initial lane. */
export interface Answering {
  /** As `Source.pull`; a fault that it throws aborts the stream. */
  pull(balance: number): Following<Reply> | undefined;
  /** As `Source.idle`. */
  idle?(): boolean;
  /** Takes what comes behind BEGIN, but for an ABORT; without it, END ends the reply at once. */
  receive?(frame: Exclude<Following<Initial>, { kind: 'abort' }>): void;
}

/**
 * A binding that answers each stream by what `open` makes of its BEGIN; a fault that it throws aborts the stream. A stream
 * that is given up by its opener is
 * given up; one that fails resets the initial lane, too.
 */
export const answer =
  (open: (begin: Begin<KafkaBegin>, stream: Stream) => Answering, scheduler: SchedulerLike): Binding<Kafka> =>
  (initial) =>
    new Observable((out) => {
      let answering: Answering | undefined;
      let terminal: Following<Reply> | undefined;
      let opening: Begin<KafkaBegin> | undefined;
      let hasBegun = false;
      let hasEnded = false;

      const finish = (frame: Following<Reply>): void => {
        terminal ??= frame;
        outlet.wake();
      };
      /** At the end of the initial lane; a reply that has not begun yet does, first. */
      const close = (): void => {
        hasEnded = true;
        if (hasBegun) finish(end());
      };
      const give = (fault: KafkaFault): void => {
        if (terminal !== undefined) return;
        terminal = abort(fault);
        opening?.control(reset(fault));
        outlet.wake();
      };
      const fail = (thrown: unknown): void => (isFault(thrown) ? give(thrown) : out.error(thrown));

      const life = new Subscriber<never>({ next() {}, error: fail, complete() {} });
      out.add(life);

      const guarded = <T>(work: () => T): T | undefined => {
        try {
          return work();
        } catch (thrown) {
          fail(thrown);
          return undefined;
        }
      };
      const outlet: Outlet<Reply> = emit<Reply>(
        out,
        {
          pull: (balance) => terminal ?? (hasBegun ? guarded(() => answering?.pull(balance)) : undefined) ?? terminal,
          idle: () => (hasBegun && guarded(() => answering?.idle?.())) ?? false,
        },
        scheduler,
      );
      const stream: Stream = {
        life,
        get balance() {
          return outlet.balance;
        },
        begin(ext) {
          hasBegun = true;
          outlet.begin(ext);
          if (hasEnded) close();
        },
        wake: () => outlet.wake(),
        close,
      };

      listen(initial, out, {
        next(frame: Frame<Initial>) {
          if (frame.kind === 'begin') {
            opening = frame;
            answering = guarded(() => open(frame, stream));
            outlet.wake();
          } else if (frame.kind === 'abort') {
            opening = undefined;
            finish(abort(frame.ext));
          } else {
            if (frame.kind === 'end') opening = undefined;
            if (answering?.receive !== undefined) answering.receive(frame);
            else if (frame.kind === 'end') close();
          }
        },
        complete() {},
      });
    });
