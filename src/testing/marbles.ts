import assert from 'node:assert';
import { type Observable, Subject } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { type Control, reset, window } from '../control.ts';
import { emitter } from '../emitter.ts';
import { SluiceError } from '../errors.ts';
import { Fifo } from '../flow/queue.ts';
import { type Abort, abort, begin, type End, end, type Following, type Frame } from '../frame.ts';
import { listen, operate } from '../listen.ts';
import { isAnswer } from '../marks.ts';
import type { AnyLane, Lane } from '../protocol.ts';
import { describeFrame } from './describe.ts';

/** What a letter of a marble stands for. */
export type FrameValues<L extends Lane> = Readonly<Record<string, Frame<L>>>;

/** Makes the control lane of a joint visible. */
export interface Probe extends AnyLane {
  readonly control$: Observable<Control>;
}

/** What the body of a marble test works with. */
export interface Marbles {
  /** Virtual time, to hand to operators as their scheduler. */
  readonly scheduler: TestScheduler;
  /**
   * A lawful producer: sends what its marble produces as soon as it has credit. A letter stands for the DATA or FLUSH
   * in `values`, `|` for END, `#` for ABORT; BEGIN with `ext` comes on subscription.
   */
  producing<L extends Lane>(marble: string, values: FrameValues<L>, ext?: L['begin']): Observable<Frame<L>>;
  /** A consumer that grants what its marble says, counted from BEGIN, and nothing else: a digit is credit, `R` a reset. */
  granting(marble: string): AnyLane;
  /** Watches a joint: put it into a pipe, and expect its `control$`. */
  probe(): Probe;
  /** `B`, `E` and `X` stand for BEGIN, END and ABORT unless `values` say otherwise, `|` for complete, `#` for an error. */
  expectFrames<L extends Lane>(source: Observable<Frame<L>>, subscription?: string): Expectation<FrameValues<L>>;
  /** A digit stands for credit granted, `R` for a reset. */
  expectControl(probe: Probe): Expectation<Readonly<Record<string, Control>>>;
}

export interface Expectation<V> {
  /** `error` is what `#` stands for. */
  toBe(marble: string, values?: V, error?: unknown): void;
}

const controls: Readonly<Record<string, Control>> = {
  R: reset(),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((credit) => [credit, window(credit)])),
};

/**
 * Wraps a marble test, in which credit is a marble too. Time is virtual; the frames expected and got are compared as
 * text, a line each.
 *
 *     it('should hold back what is not paid for', marbles(({ producing, granting, expectFrames }) => {
 *       const source = producing('-ab-|  ', values);
 *       const credit = granting(' 1---1  ');
 *       expectFrames(source.pipe(credit)).toBe('Ba--(bE|)', values);
 *     }));
 */
export const marbles =
  (body: (context: Marbles) => void): (() => void) =>
  () => {
    const scheduler = new TestScheduler((actual, expected) => {
      assert.deepStrictEqual(actual.map(describeMessage), expected.map(describeMessage));
    });
    scheduler.run(({ hot, cold, expectObservable }) => {
      body({
        scheduler,
        producing: (marble, values, ext) => producing(hot(marble.trim(), known(marble, values) as never), ext),
        granting: (marble) => granting(cold(marble.trim(), known(marble, controls))),
        probe,
        expectFrames: (source, subscription) => ({
          toBe: (marble, values, error) =>
            expectObservable(source as Observable<unknown>, subscription?.trim()).toBe(
              marble.trim(),
              known<unknown>(marble, { B: begin(undefined, () => {}), E: end(), X: abort(), ...values }),
              error,
            ),
        }),
        expectControl: ({ control$ }) => ({
          toBe: (marble, values) =>
            expectObservable(control$).toBe(marble.trim(), known<unknown>(marble, { ...controls, ...values })),
        }),
      });
    });
  };

/** What letters of `marble` stand for. One that stands for nothing is told when the marble is read. */
const known = <V>(marble: string, values: Readonly<Record<string, V>>): Record<string, V> =>
  new Proxy(values, {
    get(target, letter) {
      const value = target[String(letter)];
      if (value !== undefined) return value;
      const letters = Object.keys(target).join(', ');
      throw new SluiceError(
        'OPTION_INVALID',
        `${String(letter)} stands for nothing in ${marble.trim()}; there is ${letters}`,
      );
    },
  });

function producing<L extends Lane>(frames: Observable<Following<L>>, ext: L['begin']): Observable<Frame<L>> {
  return emitter<L>(ext, (wake, out) => {
    const queue = new Fifo<L>(() => {});
    const answers: Following<L>[] = [];
    let terminal: End<L['end']> | Abort<L['abort']> | undefined;
    const close = (frame: End<L['end']> | Abort<L['abort']>): void => {
      terminal = frame;
      wake();
    };
    listen(frames, out as never, {
      next(frame) {
        if (frame.kind === 'data') queue.offer(frame);
        else if (frame.kind !== 'flush') return close(frame);
        else if (isAnswer(frame.ext)) answers.push(frame);
        else queue.mark(frame);
        wake();
      },
      error: () => close(abort()),
      complete: () => close(end()),
    });
    return {
      pull(balance) {
        if (terminal?.kind === 'abort') return terminal;
        return answers.shift() ?? queue.poll(balance) ?? (queue.empty ? terminal : undefined);
      },
    };
  });
}

const granting = (grants: Observable<Control>): AnyLane =>
  operate((out) => ({
    next(frame) {
      out.next(frame);
      if (frame.kind === 'begin') out.add(grants.subscribe((control) => frame.control(control)));
    },
  }));

function probe(): Probe {
  const control$ = new Subject<Control>();
  const watch: AnyLane = operate((out) => ({
    next(frame) {
      if (frame.kind !== 'begin') return out.next(frame);
      const watched = (control: Control): void => {
        control$.next(control);
        frame.control(control);
      };
      out.next(begin(frame.ext, watched));
    },
  }));
  return Object.assign(watch, { control$ });
}

function describeMessage(message: {
  frame?: number;
  notification?: { kind: string; value?: unknown; error?: unknown };
}): unknown {
  const { notification } = message;
  switch (notification?.kind) {
    case 'N':
      return `${message.frame} ${describeFrame(notification.value as Frame | Control)}`;
    case 'E':
      return `${message.frame} error ${notification.error}`;
    case 'C':
      return `${message.frame} complete`;
    default:
      return message;
  }
}
