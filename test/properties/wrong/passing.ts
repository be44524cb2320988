import { Observable } from 'rxjs';
import {
  ArrayRun,
  abort,
  type ControlSink,
  charged,
  end,
  type Flush,
  type Frame,
  flush,
  isAnswer,
  type LaneOperator,
  listen,
  type Mark,
  operate,
  records,
  window,
} from 'sluice';
import type { LawLane, LawRecord } from 'sluice/testing';
import type { Wrong } from './wrong.ts';

type Out = { next(frame: Frame<LawLane>): void; complete(): void; error(thrown: unknown): void };

type Make = () => LaneOperator<LawLane>;

/** An operator that passes frames on, but for those that `change` takes; it is made anew for each subscriber. */
const passing =
  (change: () => (frame: Frame<LawLane>, out: Out) => unknown): Make =>
  () =>
    operate<LawLane>((out) => {
      const changed = change();
      return {
        next(frame) {
          if (changed(frame, out) !== true) out.next(frame);
        },
      };
    });

const controlled = (change: (pass: ControlSink, out: Out) => ControlSink): Make =>
  passing(() => (frame, out) => {
    if (frame.kind !== 'begin') return false;
    out.next({ ...frame, control: change(frame.control, out) });
    return true;
  });

const isMark = (frame: Frame<LawLane>, name: string): frame is Flush<Mark> =>
  frame.kind === 'flush' && 'mark' in frame.ext && frame.ext.mark === name;
const isAnswerFrame = (frame: Frame<LawLane>): boolean => frame.kind === 'flush' && isAnswer(frame.ext);
const listOf = (run: { readonly length: number; at(index: number): LawRecord }): LawRecord[] =>
  Array.from({ length: run.length }, (_, index) => run.at(index));
const cost = (record: LawRecord): number => record.cost;

/** Operators that pass their consumer's credit on, each with one mistake, and the law that it breaks. */
const mistakes: readonly (readonly [what: string, law: string, operator: Make])[] = [
  ['drops marks of a name it does not know', 'keeps marks in their place', passing(() => (f) => isMark(f, 'filters'))],
  [
    'drops a caught-up mark behind another',
    'keeps marks in their place',
    passing(() => {
      let was = false;
      return (frame) => {
        const again = was && isMark(frame, 'caught-up');
        was = isMark(frame, 'caught-up');
        return again;
      };
    }),
  ],
  [
    'sends the last progress mark alone, at the end',
    'keeps marks in their place',
    passing(() => {
      let last: Frame<LawLane> | undefined;
      return (frame, out) => {
        if (isMark(frame, 'progress')) last = frame;
        else if (frame.kind === 'end' && last !== undefined) out.next(last);
        return isMark(frame, 'progress');
      };
    }),
  ],
  [
    'sends marks twice',
    'keeps marks in their place',
    passing(() => (frame, out) => {
      if (isMark(frame, 'gap')) out.next(frame);
    }),
  ],
  [
    'makes marks up',
    'keeps marks in their place',
    passing(() => (frame, out) => {
      if (frame.kind === 'data') out.next(flush({ mark: 'progress', partition: 0 }));
    }),
  ],
  [
    'makes an answer up',
    'lets answers pass, each once and in order',
    passing(() => (frame, out) => {
      if (isAnswerFrame(frame)) out.next(flush({ answer: 'done' }));
    }),
  ],
  [
    'drops every second answer',
    'lets answers pass, each once and in order',
    passing(() => {
      let count = 0;
      return (frame) => {
        if (isAnswerFrame(frame)) count += 1;
        return isAnswerFrame(frame) && count % 2 === 0;
      };
    }),
  ],
  [
    'lets an answer wait for the next DATA',
    'lets answers pass, each once and in order',
    passing(() => {
      const waiting: Frame<LawLane>[] = [];
      return (frame, out) => {
        if (isAnswerFrame(frame)) {
          waiting.push(frame);
          return true;
        }
        if (frame.kind === 'data' || frame.kind === 'end') for (const answer of waiting.splice(0)) out.next(answer);
        return false;
      };
    }),
  ],
  [
    'lets an answer pass another',
    'lets answers pass, each once and in order',
    passing(() => {
      let waiting: Frame<LawLane> | undefined;
      return (frame, out) => {
        if (isAnswerFrame(frame) && waiting === undefined) {
          waiting = frame;
          return true;
        }
        if (waiting !== undefined && (isAnswerFrame(frame) || frame.kind === 'end')) {
          if (frame.kind === 'flush') out.next(frame);
          out.next(waiting);
          waiting = undefined;
          return frame.kind === 'flush';
        }
        return false;
      };
    }),
  ],
  [
    'charges one more than records cost',
    'charges what records cost',
    passing(() => (frame, out) => {
      if (frame.kind === 'data') out.next({ ...frame, reserved: frame.reserved + 1 });
      return frame.kind === 'data';
    }),
  ],
  [
    'leaves out records and charges for them',
    'charges what records cost',
    passing(() => (frame, out) => {
      if (frame.kind !== 'data' || frame.payload.length < 2) return false;
      out.next({ ...frame, payload: frame.payload.slice(1, frame.payload.length) });
      return true;
    }),
  ],
  [
    'leaves out records and does not give their credit back',
    'opens its window, and never more of it',
    passing(() => (frame, out) => {
      if (frame.kind !== 'data' || frame.payload.length < 2) return false;
      out.next(charged(frame.payload.slice(1, frame.payload.length)));
      return true;
    }),
  ],
  [
    'leaves out a record and gives its credit back',
    'delivers what it promises',
    passing(() => {
      let control: ControlSink = () => {};
      return (frame, out) => {
        if (frame.kind === 'begin') control = frame.control;
        if (frame.kind !== 'data' || frame.payload.length < 2) return false;
        const rest = charged(frame.payload.slice(1, frame.payload.length));
        out.next(rest);
        control(window(frame.reserved - rest.reserved));
        return true;
      };
    }),
  ],
  [
    'changes a record',
    'delivers what it promises',
    passing(() => (frame, out) => {
      if (frame.kind !== 'data') return false;
      out.next(
        records(
          listOf(frame.payload).map((record) => ({ ...record, key: 'k' })),
          cost,
        ),
      );
      return true;
    }),
  ],
  [
    'turns runs round',
    'keeps order',
    passing(() => (frame, out) => {
      if (frame.kind !== 'data') return false;
      out.next(records(listOf(frame.payload).reverse(), cost));
      return true;
    }),
  ],
  [
    'sends runs of nothing',
    'charges what records cost',
    passing(() => (frame, out) => {
      if (frame.kind !== 'data') return false;
      out.next({ ...frame, payload: new ArrayRun<LawRecord>([]) });
      out.next(frame);
      return true;
    }),
  ],
  [
    'keeps what it saw of one subscriber for the next',
    'begins at once, and anew for each subscriber',
    () => {
      const seen = new Set<string>();
      return passing(() => (frame) => {
        if (frame.kind !== 'data') return false;
        const { partition, offset } = frame.payload.at(0);
        const known = seen.has(`${partition} ${offset}`);
        seen.add(`${partition} ${offset}`);
        return known;
      })();
    },
  ],
  [
    'begins with its first frame',
    'begins at once, and anew for each subscriber',
    passing(() => {
      let begun: Frame<LawLane> | undefined;
      return (frame, out) => {
        if (frame.kind === 'begin') begun = frame;
        else if (begun !== undefined) {
          out.next(begun);
          begun = undefined;
        }
        return frame.kind === 'begin';
      };
    }),
  ],
  [
    'doubles what is granted',
    'opens its window, and never more of it',
    controlled((pass) => (control) => pass(control.kind === 'window' ? window(control.credit * 2) : control)),
  ],
  [
    'keeps odd credit back',
    'opens its window, and never more of it',
    controlled((pass) => (control) => {
      const credit = control.kind === 'window' ? control.credit - (control.credit % 2) : 0;
      if (control.kind === 'reset' || credit > 0) pass(control.kind === 'reset' ? control : window(credit));
    }),
  ],
  [
    'swallows RESET',
    'hands RESET on or leaves',
    controlled((pass) => (control) => {
      if (control.kind === 'window') pass(control);
    }),
  ],
  [
    'answers RESET for itself and lets its source answer, too',
    'answers RESET with exactly ABORT',
    controlled((pass, out) => (control) => {
      if (control.kind === 'reset') out.next(abort());
      pass(control);
    }),
  ],
  [
    'answers RESET with END',
    'answers RESET with exactly ABORT',
    controlled((pass, out) => (control) => {
      if (control.kind === 'window') return pass(control);
      out.next(end());
      out.complete();
    }),
  ],
  [
    'answers RESET by completing',
    'answers RESET with exactly ABORT',
    controlled((pass, out) => (control) => {
      if (control.kind === 'window') return pass(control);
      out.complete();
    }),
  ],
  [
    'sends a mark from inside a grant',
    'frames keep the laws of a joint',
    controlled((pass, out) => (control) => {
      out.next(flush({ mark: 'granted' }));
      pass(control);
    }),
  ],
  [
    'completes without END',
    'ends when all is drained',
    passing(() => (frame, out) => {
      if (frame.kind === 'end') out.complete();
    }),
  ],
  [
    'ends twice',
    'ends when all is drained',
    passing(() => (frame, out) => {
      if (frame.kind === 'end') out.next(frame);
    }),
  ],
  [
    'makes an end of a fault',
    'aborts at once',
    passing(() => (frame, out) => {
      if (frame.kind === 'abort') out.next(end());
      return frame.kind === 'abort';
    }),
  ],
  [
    'forgets the fault',
    'aborts at once',
    passing(() => (frame, out) => {
      if (frame.kind === 'abort') out.next(abort());
      return frame.kind === 'abort';
    }),
  ],
  [
    'swallows a defect',
    'hands a defect on',
    () => (source) =>
      new Observable((out) => {
        listen(source, out, { next: (frame) => out.next(frame), error: () => out.complete() });
      }),
  ],
  [
    'goes on when its consumer has left',
    'leaves upstream when its consumer leaves',
    () => (source) =>
      new Observable((out) => {
        source.subscribe({
          next: (frame) => out.next(frame),
          error: (defect) => out.error(defect),
          complete: () => out.complete(),
        });
      }),
  ],
  [
    'ends after some records',
    'delivers what it promises',
    passing(() => {
      let left = 3;
      return (frame, out) => {
        left -= frame.kind === 'data' ? 1 : 0;
        if (left >= 0) return false;
        out.next(end());
        out.complete();
        return true;
      };
    }),
  ],
];

export const wrongPassing: readonly Wrong[] = mistakes.map(([what, law, operator]) => ({
  ...{ what, law, operator },
  window: 'transparent',
  delivers: 'everything',
}));

/** The same without a mistake. */
export const rightPassing = passing(() => () => false);
