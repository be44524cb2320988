import type { SchedulerLike } from 'rxjs';
import { lawful } from '../lawful.ts';
import type { LaneOperator } from '../protocol.ts';
import { type Delivers, deliveryBroken } from './delivery.ts';
import { balancesBroken, endingBroken, marksBroken, orderBroken } from './judge.ts';
import { drive, driveOn, type Outcome, type Play } from './play.ts';
import { type Generator, plays } from './plays.ts';
import { DEFECT, FAULT, type LawLane, type Step } from './sender.ts';
import { hotStretch, longestStretch, pingPong } from './stretch.ts';
import { Turns } from './turns.ts';

/** An operator, and what it promises. */
export interface LawsOptions {
  /** Registers a test: `test` or `it` of jest, vitest or `node:test`. */
  readonly test: (name: string, body: () => void) => void;
  /** The generator: fast-check. */
  readonly fc: Generator;
  readonly name: string;
  /** Makes the operator; it is to use the scheduler it is given. */
  readonly operator: (scheduler: SchedulerLike) => LaneOperator<LawLane>;
  /** The credit it opens upstream (an integer >= 1), or `transparent` if it passes its consumer's on. */
  readonly window: number | 'transparent';
  /** How much it holds while its consumer takes nothing; unless given, its window, or nothing if it is transparent. */
  readonly holds?: number;
  readonly delivers: Delivers;
  /** For each function that a user hands it, the operator made with one that calls `boom`. */
  readonly throws?: Readonly<Record<string, (boom: () => void, scheduler: SchedulerLike) => LaneOperator<LawLane>>>;
  /** How many random plays each law is held to; 200 unless given. */
  readonly runs?: number;
}

const TURNS = 200_000;

/**
 * Holds an operator to the laws of frames, each under random production, marks, answers, credit and endings, and each
 * in a test named for its law.
 */
export function laws({
  test,
  fc,
  name,
  operator,
  window: opens,
  delivers,
  holds = opens === 'transparent' ? 0 : opens,
  throws = {},
  runs = 200,
}: LawsOptions): void {
  const law = (
    title: string,
    endings: readonly Play['ending'][],
    broken: (outcome: Outcome, play: Play) => string | undefined,
  ) =>
    test(`${name}: ${title}`, () => {
      fc.assert(
        fc.property(plays(fc, endings), (play) => {
          const verdict = broken(drive(operator, play), play);
          if (verdict !== undefined) throw new Error(verdict);
        }),
        { numRuns: runs },
      );
    });

  test(`${name}: frames keep the laws of a joint`, () => {
    const joined =
      (scheduler: SchedulerLike): LaneOperator<LawLane> =>
      (source) =>
        source.pipe(lawful('in'), operator(scheduler), lawful('out'));
    fc.assert(
      fc.property(plays(fc, ['end', 'abort', 'reset', 'leave']), (play) => {
        const { error } = drive(joined, play);
        if (error !== undefined) throw error;
      }),
      { numRuns: runs },
    );
  });
  law('begins at once, and anew for each subscriber', ['end', 'abort'], ({ began }, play) => {
    if (!began) return 'BEGIN did not come on subscription';
    const turns = new Turns();
    const made = operator(turns);
    const [first, second] = [driveOn(made, turns, play), driveOn(made, turns, play)];
    const told = ({ received, closing }: Outcome): string => [...received.map(({ at }) => at), ...closing].join();
    return told(first) === told(second) ? undefined : `the first got ${told(first)}, the second ${told(second)}`;
  });
  law('charges what records cost', ['end'], ({ fair }) => (fair ? undefined : 'a DATA cost more or less'));
  law('opens its window, and never more of it', ['end'], (outcome, play) =>
    play.hasty ? undefined : balancesBroken(outcome, opens, play.early),
  );
  law('keeps order', ['end', 'abort'], orderBroken);
  law('delivers what it promises', ['end'], (outcome) => deliveryBroken(outcome, delivers));
  law('is bounded', ['end'], ({ held }, { steps }) => {
    const bound = holds + dearest(steps) - 1;
    return held <= bound ? undefined : `held ${held}, more than ${holds} and a record, ${bound}`;
  });
  law('keeps marks in their place', ['end'], (outcome) => marksBroken(outcome, delivers));
  law('lets answers pass, each once and in order', ['end', 'abort'], ({ sent, received, answersPrompt }) => {
    const answers = (items: Outcome['sent']) => items.flatMap((item) => ('answer' in item ? [item.at] : [])).join();
    if (!answersPrompt) return 'an answer waited';
    return answers(sent) === answers(received) ? undefined : `sent answers ${answers(sent)}, got ${answers(received)}`;
  });
  law('ends when all is drained', ['end'], ({ closing }) => endingBroken(closing, ['end', 'complete']));
  law('aborts at once', ['abort'], ({ closing, fault }) =>
    fault === FAULT ? endingBroken(closing, ['abort', 'complete']) : 'its fault is not that of its source',
  );
  law('hands a defect on', ['fail'], ({ closing, error }) =>
    error === DEFECT ? endingBroken(closing, ['error']) : `errors with ${error}`,
  );
  law('sends what it may at once', ['end'], ({ idle }) => (idle ? undefined : 'held what could have been sent'));
  law('answers RESET with exactly ABORT', ['reset'], ({ closing, since }, { hasty }) => {
    if (hasty && closing[0] === 'end') return undefined;
    return since > 0 ? `${since} frames came after RESET` : endingBroken(closing, ['abort', 'complete']);
  });
  law('hands RESET on or leaves', ['reset'], ({ resets, left }) =>
    left && (resets.length === 0 || resets[0] === 'enough') ? undefined : `resets ${resets}, left ${left}`,
  );
  law('leaves upstream when its consumer leaves', ['leave'], ({ closing, left }) =>
    left && closing.length === 0 ? undefined : `left ${left}, then ${closing.join()}`,
  );
  test(`${name}: keeps the stack flat over ${TURNS} synchronous turns`, () => {
    if (!pingPong(operator, TURNS)) throw new Error('stalled');
  });
  if (opens !== 'transparent') {
    test(`${name}: lets the event loop turn`, () => {
      const longest = longestStretch(operator);
      if (longest > 10) throw new Error(`ran for ${longest} ms at a stretch`);
      const hot = hotStretch(operator);
      if (hot > 10 + opens) throw new Error(`took in for ${hot} ms at a stretch`);
    });
  }
  for (const [what, make] of Object.entries(throws)) {
    test(`${name}: contains a throw of ${what}`, () => {
      fc.assert(
        fc.property(plays(fc, ['end']), fc.integer({ min: 1, max: 8 }), (play, fuse) => {
          const bomb = new Error('thrown by the user');
          let left = fuse;
          const boom = (): void => {
            left -= 1;
            if (left === 0) throw bomb;
          };
          const { error, closing, left: unsubscribed } = drive((scheduler) => make(boom, scheduler), play);
          if (left > 0) return;
          if (error !== bomb || closing.join() !== 'error' || !unsubscribed)
            throw new Error(`got ${closing.join()}: ${error}`);
        }),
        { numRuns: runs },
      );
    });
  }
}

const dearest = (steps: readonly Step[]): number =>
  Math.max(1, ...steps.flatMap((step) => ('produce' in step ? step.produce.map(({ cost }) => cost) : [])));
