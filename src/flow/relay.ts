import type { SchedulerLike } from 'rxjs';
import { Account } from '../credit.ts';
import { positive } from '../errors.ts';
import { operate } from '../listen.ts';
import type { AnyLane, Lane } from '../protocol.ts';
import { Gate } from './gate.ts';
import type { Owe, Queue } from './queue.ts';

export interface RelayOptions<L extends Lane> {
  /** The credit granted upstream when the lane opens, an integer >= 1. */
  readonly window: number;
  /** What waits, and what becomes of it, while downstream is slow. It says when credit is owed. */
  readonly queue: (owe: Owe) => Queue<L>;
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * Where two windows meet: it owns the upstream one and obeys the downstream one; what waits between them is for the
 * queue to decide.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function relay<L extends Lane>({ window, queue, scheduler }: RelayOptions<L>): AnyLane<L> {
  positive('window', window);
  return operate<L>((out) => {
    const account = new Account(window);
    const waiting = queue((credit) => account.owe(credit));
    const gate = new Gate<L>(out, {
      queue: waiting,
      refill: () => account.settle(),
      reset: (ext) => account.reset(ext),
      scheduler,
    });
    return {
      next(frame) {
        switch (frame.kind) {
          case 'begin':
            account.open(frame.control);
            return gate.begin(frame.ext);
          case 'data':
            if (!gate.pass(frame)) return gate.accept(frame, waiting);
            account.owe(frame.reserved);
            if (account.due) gate.wake();
            return;
          case 'flush':
            return gate.accept(frame, waiting);
          default:
            return gate.close(frame);
        }
      },
      complete() {
        if (!gate.closing) out.complete();
      },
    };
  });
}
