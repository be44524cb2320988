import { Observable, type OperatorFunction, type SchedulerLike } from 'rxjs';
import { Account } from '../../src/credit.ts';
import { Deque } from '../../src/deque.ts';
import { positive } from '../../src/errors.ts';
import { type Data, end, type Flush, type Frame } from '../../src/frame.ts';
import { Gate } from '../../src/gate.ts';
import { listen } from '../../src/listen.ts';
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
 * - *drops* nothing; the sources' caught-up marks become one, at the place of the last, when every source so far has
 *   given its own or ended
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
      const gate = new Gate<L>(out, {
        queue: rotation,
        refill: () => false,
        reset: (ext) => {
          for (const input of inputs) input.account.reset(ext);
        },
        scheduler: options.scheduler,
      });
      const behind = new Set<Input<L>>();
      let level: Flush<L['flush']> | undefined;
      let told = false;
      let gathering = true;
      let more = true;

      const settle = (at: Input<L> | undefined): void => {
        if (!gathering && level !== undefined && !told && behind.size === 0) {
          told = true;
          gate.accept(level, at ?? rotation.open(options.window));
        }
        if (!more && inputs.size === 0) gate.close(end());
      };

      const join = (source: Observable<Frame<L>>): void => {
        const input = rotation.open(options.window);
        inputs.add(input);
        if (!told) behind.add(input);
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
                inputs.delete(input);
                behind.delete(input);
                return settle(input);
              case 'flush':
                if ('mark' in frame.ext && frame.ext.mark === 'caught-up' && !input.passesLevel(told)) {
                  if (behind.delete(input)) level = frame;
                  return settle(input);
                }
            }
            gate.accept(frame, input);
          },
          complete() {},
        });
      };

      gate.begin(options.begin);
      listen(sources, out, {
        next: join,
        complete() {
          more = false;
          gathering = false;
          settle(undefined);
        },
      });
      gathering = false;
      settle(undefined);
    });
}

/** The inputs with something to send, in turn. */
class Rotation<L extends Lane> {
  readonly #ready = new Deque<Input<L>>();

  get empty(): boolean {
    return this.#ready.length === 0;
  }

  open(window: number): Input<L> {
    return new Input(window, (input) => this.#ready.push(input));
  }

  poll(balance: number): Data<L['data']> | Flush<L['flush']> | undefined {
    for (let left = this.#ready.length; left > 0; left -= 1) {
      const frame = this.#ready.shift()?.poll(balance);
      if (frame !== undefined) return frame;
    }
    return undefined;
  }
}

/** One source: what waits of it, and its window. */
class Input<L extends Lane> {
  readonly account: Account;
  readonly #ready: (input: Input<L>) => void;
  readonly #queue: Fifo<L>;
  #listed = false;
  #level = false;

  constructor(window: number, ready: (input: Input<L>) => void) {
    this.account = new Account(window);
    this.#queue = new Fifo((credit) => this.account.owe(credit));
    this.#ready = ready;
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  offer(frame: Data<L['data']>): void {
    this.#queue.offer(frame);
    this.#list();
  }

  mark(frame: Flush<L['flush']>): void {
    this.#queue.mark(frame);
    this.#list();
  }

  /** Whether a caught-up mark of this source is more than its share of the one that all give together. */
  passesLevel(told: boolean): boolean {
    const passes = this.#level && told;
    this.#level = true;
    return passes;
  }

  /** Takes its turn, and its place behind the others if it has more. */
  poll(balance: number): Data<L['data']> | Flush<L['flush']> | undefined {
    const frame = this.#queue.poll(balance);
    this.#listed = false;
    this.#list();
    this.account.settle();
    return frame;
  }

  #list(): void {
    if (this.#listed || this.#queue.empty) return;
    this.#listed = true;
    this.#ready(this);
  }
}
