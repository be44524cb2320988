import { Observable } from 'rxjs';
import {
  abort,
  type ControlSink,
  cut,
  type Data,
  type Frame,
  isAnswer,
  type LaneOperator,
  type Run,
  reset,
  window,
} from 'sluice';
import type { LawLane, LawRecord, LawsOptions } from 'sluice/testing';
import type { Wrong } from './wrong.ts';

const WINDOW = 4;

type Waiting = Exclude<Frame<LawLane>, { kind: 'begin' }>;

/** What a relay does that is written by hand, with nothing of the kernel; each may be done wrongly. */
const RIGHT = {
  /** Whether it sends when a frame comes, and not on a grant alone. */
  sendsOnFrame: true,
  /** Whether a loop that runs is not entered again. */
  guards: true,
  /** Whether it goes on in another turn when it has run for long. */
  slices: true,
  endWaits: true,
  abortPasses: true,
  answersPass: true,
  stopsOnReset: true,
  containsThrows: true,
  returnsCredit: true,
  /** What is opened. */
  opens: WINDOW,
};

type Ways = typeof RIGHT;

function relaying(ways: Partial<Ways>, use: (record: LawRecord) => void = () => {}): LawsOptions['operator'] {
  const is = { ...RIGHT, ...ways };
  return (scheduler): LaneOperator<LawLane> =>
    (source) =>
      new Observable((out) => {
        const waiting: Waiting[] = [];
        let [balance, owed, running, over] = [0, is.opens, false, false];
        let upstream: ControlSink = () => {};
        const finish = (frame: Waiting): void => {
          over = true;
          waiting.length = 0;
          out.next(frame);
          out.complete();
        };
        const next = (): Waiting | undefined => {
          const [first] = waiting;
          if (first?.kind !== 'data') return waiting.shift();
          if (balance <= 0) return undefined;
          const parts = cut(first, balance);
          if (parts === undefined) waiting.shift();
          else waiting[0] = parts[1];
          return parts === undefined ? first : parts[0];
        };
        const send = (): void => {
          if (over || (running && is.guards)) return;
          running = true;
          const since = scheduler.now();
          while (!over && !out.closed) {
            if (is.slices && scheduler.now() - since >= 5) {
              scheduler.schedule(send);
              break;
            }
            const frame = next();
            if (frame === undefined) {
              if (!is.returnsCredit || owed < WINDOW / 2) break;
              const credit = owed;
              owed = 0;
              upstream(window(credit));
            } else if (frame.kind === 'end' || frame.kind === 'abort') finish(frame);
            else {
              if (frame.kind === 'data') {
                balance -= frame.reserved;
                owed += frame.reserved;
              }
              out.next(frame);
            }
          }
          running = false;
        };
        const control: ControlSink = (what) => {
          if (what.kind === 'window') balance += what.credit;
          else {
            upstream(reset(what.ext));
            if (is.stopsOnReset) waiting.length = 0;
            if (!over) waiting.push(abort());
          }
          send();
        };
        const useAll = ({ payload }: Data<Run<LawRecord>>): void => {
          for (let index = 0; index < payload.length; index += 1) use(payload.at(index));
        };
        const take = (frame: Frame<LawLane>): void => {
          if (over) return;
          if (frame.kind === 'begin') {
            upstream = frame.control;
            running = true;
            out.next({ ...frame, control });
            running = false;
            send();
            return;
          }
          if (frame.kind === 'data') useAll(frame);
          const passes =
            (frame.kind === 'abort' && is.abortPasses) ||
            (frame.kind === 'end' && !is.endWaits) ||
            (frame.kind === 'flush' && isAnswer(frame.ext) && is.answersPass);
          if (frame.kind === 'abort' && passes) waiting.length = 0;
          if (passes) {
            const answers = waiting.findIndex((one) => !(one.kind === 'flush' && isAnswer(one.ext)));
            waiting.splice(answers < 0 ? waiting.length : answers, 0, frame);
          } else waiting.push(frame);
          if (is.sendsOnFrame || frame.kind !== 'data') send();
        };
        const subscription = source.subscribe({
          next(frame) {
            try {
              take(frame);
            } catch (thrown) {
              if (!is.containsThrows) return;
              subscription?.unsubscribe();
              out.error(thrown);
            }
          },
          error: (defect) => out.error(defect),
          complete: () => {},
        });
        out.add(subscription);
      });
}

const wrong = (what: string, law: string, ways: Partial<Ways>): Wrong => ({
  ...{ what, law, operator: relaying(ways), window: WINDOW, delivers: 'everything' },
});

const throwing =
  (ways: Partial<Ways>) =>
  (boom: () => void): LaneOperator<LawLane> =>
    relaying(ways, boom)({ now: () => 0, schedule: () => undefined as never });

/** Relays with one mistake, and the law that it breaks. */
export const wrongRelays: readonly Wrong[] = [
  wrong('sends on a grant alone', 'sends what it may at once', { sendsOnFrame: false }),
  wrong('sends inside a delivery', 'frames keep the laws of a joint', { guards: false }),
  wrong('drains for as long as it takes', 'lets the event loop turn', { slices: false }),
  wrong('ends before all is sent', 'delivers what it promises', { endWaits: false }),
  wrong('lets ABORT wait', 'aborts at once', { abortPasses: false }),
  wrong('lets answers wait', 'lets answers pass, each once and in order', { answersPass: false }),
  wrong('goes on after RESET', 'answers RESET with exactly ABORT', { stopsOnReset: false }),
  wrong('never returns credit', 'opens its window, and never more of it', { returnsCredit: false }),
  wrong('opens more than it says', 'opens its window, and never more of it', { opens: WINDOW + 1 }),
  {
    ...wrong('swallows what a user throws', 'contains a throw of use', {}),
    throws: { use: throwing({ containsThrows: false }) },
  },
];

/** The same without a mistake. */
export const rightRelay = relaying({});
export const rightThrows = { use: throwing({}) };
