import { Observable, type OperatorFunction, type SchedulerLike } from 'rxjs';
import { Account } from '../../src/credit.ts';
import { Deque } from '../../src/deque.ts';
import { positive } from '../../src/errors.ts';
import { type Data, end, type Flush, type Frame } from '../../src/frame.ts';
import { Gate } from '../../src/gate.ts';
import { listen } from '../../src/listen.ts';
import { isAnswer } from '../../src/marks.ts';
import type { Lane } from '../../src/protocol.ts';
import { Fifo } from '../../src/queue.ts';

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
      const inputs = new Set<Input<L>>();
      let more = true;
      const gate = new Gate<L>(out, {
        queue: rotation,
        refill: () => false,
        reset: (ext) => {
          for (const input of inputs) input.account.reset(ext);
        },
        scheduler: options.scheduler,
      });
      const settle = (): void => {
        if (!more && inputs.size === 0) gate.close(end());
        else gate.wake();
      };

      const join = (source: Observable<Frame<L>>): void => {
        const input = rotation.join(options.window);
        const leave = (): void => {
          inputs.delete(input);
          rotation.leave(input);
          settle();
        };
        inputs.add(input);
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
              default:
                return gate.accept(frame, input);
            }
          },
          // A source that was not there to begin with has nothing to end.
          complete: () => inputs.has(input) && leave(),
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

/** The inputs with something to send, in turn, and the caught-up mark that they give together. */
class Rotation<L extends Lane> {
  // Those whose next is a mark go first: it costs nothing. So inputs that wait for credit are not asked without any.
  readonly #free = new Deque<Input<L>>();
  readonly #paid = new Deque<Input<L>>();
  readonly #behind = new Set<Input<L>>();
  #level: Flush<L['flush']> | undefined;
  #gathering = true;
  #told = false;

  get empty(): boolean {
    return this.#free.length === 0 && this.#paid.length === 0 && !this.#due;
  }

  join(window: number): Input<L> {
    const input = new Input<L>(window, (free) => (free ? this.#free : this.#paid).push(input));
    if (!this.#told) this.#behind.add(input);
    return input;
  }

  /** An input that has ended counts as caught up once what waits of it has left. */
  leave(input: Input<L>): void {
    input.ended = true;
    if (input.empty) this.#behind.delete(input);
  }

  /** The sources there are to begin with are known. */
  gathered(): void {
    this.#gathering = false;
  }

  poll(balance: number): Data<L['data']> | Flush<L['flush']> | undefined {
    for (;;) {
      if (this.#due) {
        this.#told = true;
        return this.#level;
      }
      const input = this.#free.shift() ?? (balance > 0 ? this.#paid.shift() : undefined);
      if (input === undefined) return undefined;
      const frame = input.poll(balance);
      if (input.ended && input.empty) this.#behind.delete(input);
      if (frame !== undefined && !this.#joins(input, frame)) return frame;
    }
  }

  get #due(): boolean {
    return this.#level !== undefined && !this.#told && !this.#gathering && this.#behind.size === 0;
  }

  /** Whether a frame is a source's share of the one caught-up mark, which is told when the last has given it. */
  #joins(input: Input<L>, frame: Data<L['data']> | Flush<L['flush']>): boolean {
    if (frame.kind === 'data' || isAnswer(frame.ext) || frame.ext.mark !== 'caught-up') return false;
    if (this.#told && input.level) return false;
    input.level = true;
    this.#level ??= frame;
    if (this.#behind.delete(input)) this.#level = frame;
    return true;
  }
}

/** One source: what waits of it, and its window. */
class Input<L extends Lane> {
  readonly account: Account;
  /** Whether its END has come, and whether its first caught-up mark has left. */
  ended = false;
  level = false;
  readonly #list: (free: boolean) => void;
  readonly #queue: Fifo<L>;
  #listed = false;

  constructor(window: number, list: (free: boolean) => void) {
    this.account = new Account(window);
    this.#queue = new Fifo((credit) => this.account.owe(credit));
    this.#list = list;
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  get empty(): boolean {
    return this.#queue.empty;
  }

  offer(frame: Data<L['data']>): void {
    this.#queue.offer(frame);
    this.#enlist();
  }

  mark(frame: Flush<L['flush']>): void {
    this.#queue.mark(frame);
    this.#enlist();
  }

  /** Takes its turn, and its place behind the others if it has more. */
  poll(balance: number): Data<L['data']> | Flush<L['flush']> | undefined {
    const frame = this.#queue.poll(balance);
    this.#listed = false;
    this.#enlist();
    this.account.settle();
    return frame;
  }

  #enlist(): void {
    if (this.#listed || this.#queue.empty) return;
    this.#listed = true;
    this.#list(this.#queue.free);
  }
}
