import { Observable, type OperatorFunction, type SchedulerLike } from 'rxjs';
import { Account } from '../../src/credit.ts';
import { positive } from '../../src/errors.ts';
import { Gate } from '../../src/flow/gate.ts';
import { Fifo } from '../../src/flow/queue.ts';
import { Rotation, type Seat } from '../../src/flow/rotation.ts';
import { type Data, end, type Flush, type Frame } from '../../src/frame.ts';
import { listen } from '../../src/listen.ts';
import { keep } from '../../src/payload.ts';
import type { Lane } from '../../src/protocol.ts';

export interface MergeOptions<L extends Lane> {
  /** What the merged lane begins with. */
  readonly begin: L['begin'];
  /** The credit granted to each source, an integer >= 1, in the unit of `reserved`. */
  readonly window: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Joins lanes into one, as they come: each keeps its order and has a window of its own, and those with something to
 * send take turns at the consumer's credit.
 *
 *     one       -a-b-c----|
 *     two       --------x---y-|
 *     credit    9--------------
 *     result    Ba-b-c--x---y-(E|)
 *
 * - *emits* BEGIN at once, then a frame of each source in turn, while the balance is positive
 * - *drops* nothing; the sources' first caught-up marks become one, behind all that each had to send before its own, or
 *   before its end
 * - *backpressures* each source when its window is full
 * - *ends* on END once the list of sources and every source have ended and all is drained; at once on the ABORT of any
 *
 * @throws SluiceError OPTION_INVALID
 */
export function merge<L extends Lane>(options: MergeOptions<L>): OperatorFunction<Observable<Frame<L>>, Frame<L>> {
  positive('window', options.window);
  return (sources) =>
    new Observable((out) => {
      const rotation = new Rotation<L>();
      const open = new Set<Source<L>>();
      let more = true;
      const gate = new Gate<L>(out, {
        queue: rotation,
        refill: () => false,
        reset: (ext) => {
          for (const { account } of open) account.reset(ext);
        },
        scheduler: options.scheduler,
      });
      const settle = (): void => {
        if (!more && open.size === 0) gate.close(end());
        else gate.wake();
      };

      const join = (source: Observable<Frame<L>>): void => {
        const input = new Source(options.window, rotation);
        const leave = (): void => {
          open.delete(input);
          input.leave();
          settle();
        };
        open.add(input);
        listen(source, out, {
          next(frame) {
            switch (frame.kind) {
              case 'begin':
                input.account.open(frame.control);
                input.account.settle();
                return;
              case 'abort':
                return gate.close(frame);
              case 'end':
                return leave();
              case 'data':
                if (!gate.pass(frame)) return gate.accept(frame, input);
                input.account.owe(frame.reserved);
                input.account.settle();
                return;
              default:
                return gate.accept(frame, input);
            }
          },
          // A source that was not there to begin with has nothing to end.
          complete: () => open.has(input) && leave(),
        });
      };

      gate.begin(options.begin);
      listen(sources, out, {
        next: join,
        complete() {
          more = false;
          rotation.gathered();
          settle();
        },
      });
      rotation.gathered();
      settle();
    });
}

/** One source: what waits of it, and its window. */
class Source<L extends Lane> extends Fifo<L> {
  readonly account: Account;
  readonly #rotation: Rotation<L>;
  readonly #seat: Seat<L>;

  constructor(window: number, rotation: Rotation<L>) {
    const account = new Account(window);
    super((credit) => account.owe(credit));
    this.account = account;
    this.#rotation = rotation;
    this.#seat = rotation.join(this);
  }

  override offer(frame: Data<L['data']>): void {
    // The balance may be spent on another source before the turn of this one comes.
    super.offer(this.#rotation.empty ? frame : keep(frame));
    this.#rotation.ready(this.#seat);
  }

  override mark(frame: Flush<L['flush']>): void {
    super.mark(frame);
    this.#rotation.ready(this.#seat);
  }

  override poll(balance: number): Data<L['data']> | Flush<L['flush']> | undefined {
    const frame = super.poll(balance);
    this.account.settle();
    return frame;
  }

  leave(): void {
    this.#rotation.leave(this.#seat);
  }
}
