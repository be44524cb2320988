import { Observable, type SchedulerLike } from 'rxjs';
import { Account } from './credit.ts';
import { emit } from './emitter.ts';
import { type Abort, abort, type End, type Flush } from './frame.ts';
import { listen } from './listen.ts';
import { isAnswer } from './marks.ts';
import { keep } from './payload.ts';
import type { Lane, LaneOperator } from './protocol.ts';
import type { Owe, Queue } from './queue.ts';

export interface RelayOptions<L extends Lane> {
  /** The credit granted upstream when the lane opens, an integer >= 1. */
  readonly window: number;
  /** What waits, and what becomes of it, while downstream is slow. It says when credit is owed. */
  readonly queue: (owe: Owe) => Queue<L>;
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * Where two windows meet: it owns the upstream one and obeys the downstream one, and what waits between them is for a
 * queue to decide. Marks keep their place in the queue, answers pass it, END waits for it and ABORT does not.
 */
export function relay<L extends Lane>({ window, queue: open, scheduler }: RelayOptions<L>): LaneOperator<L> {
  return (source) =>
    new Observable((out) => {
      const account = new Account(window);
      const queue = open((credit) => account.owe(credit));
      const answers: Flush<L['flush']>[] = [];
      let terminal: End<L['end']> | Abort<L['abort']> | undefined;

      const outlet = emit<L>(
        out,
        {
          pull(balance) {
            for (;;) {
              if (answers.length > 0) return answers.shift();
              if (terminal?.kind === 'abort') return terminal;
              const frame = queue.poll(balance);
              if (frame !== undefined) return frame;
              if (terminal !== undefined) return queue.empty ? terminal : undefined;
              // A grant may bring frames before it returns, hence another look.
              if (!account.settle()) return undefined;
            }
          },
          reset(ext) {
            if (terminal === undefined) account.reset(ext);
            return terminal?.kind === 'abort' ? terminal : abort();
          },
        },
        scheduler,
      );

      listen(source, out, {
        next(frame) {
          switch (frame.kind) {
            case 'begin':
              account.open(frame.control);
              return outlet.begin(frame.ext);
            case 'data':
              queue.offer(outlet.ready && queue.empty ? frame : keep(frame));
              break;
            case 'flush':
              if (isAnswer(frame.ext)) answers.push(frame);
              else queue.mark(frame);
              break;
            default:
              terminal = frame;
          }
          outlet.wake();
        },
        complete() {
          if (terminal === undefined) out.complete();
        },
      });
    });
}
