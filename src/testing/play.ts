import { type SchedulerLike, Subscriber } from 'rxjs';
import { type Control, reset, window } from '../control.ts';
import type { Frame } from '../frame.ts';
import type { Answer, Mark } from '../marks.ts';
import type { LaneOperator } from '../protocol.ts';
import type { Run } from '../run.ts';
import { type Item, type LawLane, type LawMark, type LawRecord, RUNAWAY, Sender, type Step } from './sender.ts';
import { Turns } from './turns.ts';

/** A whole run of an operator: what happens, and how it ends. */
export interface Play {
  /** Credit that the consumer grants inside the delivery of BEGIN; 0 for none. */
  readonly early: number;
  /** What the consumer grants inside the delivery of a DATA: one credit, or what it cost; so many times, then it pauses. */
  readonly echo: { readonly credit: 'one' | 'cost'; readonly times: number };
  /** Whether it grants one credit inside the delivery of a mark as well. */
  readonly echoMarks: boolean;
  readonly steps: readonly Step[];
  /** What ends it: the source's END, ABORT or defect, or the consumer's RESET or leaving. */
  readonly ending: 'end' | 'abort' | 'fail' | 'reset' | 'leave';
  /** Inside the delivery of which frame behind BEGIN RESET is sent or the consumer leaves; 0, or a later one: at last. */
  readonly inside: number;
  /** Whether the source's END comes while records may still wait, before they drain, or before RESET. */
  readonly hasty: boolean;
}

/** What came of a play. */
export interface Outcome {
  readonly sent: readonly Item[];
  /** What the consumer got; a mark that the operator made itself stands at -1. */
  readonly received: readonly Item[];
  /** How the consumer's lane closed: kinds of the terminal frames, then `complete` or `error`. */
  readonly closing: readonly string[];
  readonly error: unknown;
  readonly fault: unknown;
  /** Whether BEGIN came on subscription. */
  readonly began: boolean;
  /** Credit granted upstream before anything was sent; then what was left of all credit when all had drained. */
  readonly opened: number;
  readonly atRest: number;
  readonly mostCredit: number;
  /** What was granted downstream, and what the records sent and received cost. */
  readonly granted: number;
  readonly spent: number;
  readonly taken: number;
  /** Whether each DATA was charged with what its records cost. */
  readonly fair: boolean;
  /** How many frames other than terminal ones came after RESET. */
  readonly since: number;
  /** What the operator held when nothing more was produced. */
  readonly held: number;
  /** Whether every answer had arrived by the end of the step that sent it. */
  readonly answersPrompt: boolean;
  /** Whether nothing came later that there was credit for before, or when the operator was merely woken. */
  readonly idle: boolean;
  readonly resets: readonly unknown[];
  readonly left: boolean;
}

/** Plays `play` through an operator and tells what came of it. */
export function drive(make: (scheduler: SchedulerLike) => LaneOperator<LawLane>, play: Play): Outcome {
  const turns = new Turns();
  return driveOn(make(turns), turns, play);
}

/** The same, of an operator that is made. */
export function driveOn(operator: LaneOperator<LawLane>, turns: Turns, play: Play): Outcome {
  const sender = new Sender();
  const received: Item[] = [];
  const closing: string[] = [];
  let error: unknown;
  let fault: unknown;
  let began = false;
  let fair = true;
  let echoes = play.echo.times;
  let behind = 0;
  let isOver = false;
  let since = 0;
  let control: (control: Control) => void = () => {};
  let granted = 0;
  let taken = 0;
  const grant = (credit: number): void => {
    granted += credit;
    control(window(credit));
  };
  const finish = (): void => {
    if (isOver) return;
    isOver = true;
    if (play.ending === 'reset') control(reset('enough'));
    else consumer.unsubscribe();
  };
  const consumer = new Subscriber<Frame<LawLane>>({
    next(frame) {
      if (received.length > RUNAWAY || closing.length > RUNAWAY) consumer.unsubscribe();
      switch (frame.kind) {
        case 'begin':
          began = true;
          control = frame.control;
          if (play.early > 0) grant(play.early);
          return;
        case 'data': {
          taken += frame.reserved;
          const items = itemsOf(sender.items, frame.payload);
          received.push(...items);
          fair &&= frame.reserved === costOf(items);
          echoes -= 1;
          if (echoes >= 0) grant(play.echo.credit === 'one' ? 1 : frame.reserved);
          break;
        }
        case 'flush':
          received.push(flushOf(sender.items, frame.ext));
          if ('answer' in frame.ext) break;
          echoes -= 1;
          if (play.echoMarks && echoes >= 0) grant(1);
          break;
        default:
          if (frame.kind === 'abort') fault = frame.ext;
          closing.push(frame.kind);
      }
      behind += 1;
      if (isOver && (frame.kind === 'data' || frame.kind === 'flush')) since += 1;
      if (behind === play.inside && (play.ending === 'reset' || play.ending === 'leave')) finish();
    },
    error(defect: unknown) {
      error = defect;
      closing.push('error');
    },
    complete: () => closing.push('complete'),
  });
  sender.frames.pipe(operator).subscribe(consumer);

  const beganAtOnce = began;
  const opened = sender.granted;
  let answersPrompt = true;
  let idle = true;
  const answers = (items: readonly Item[]): number => items.filter((item) => 'answer' in item).length;
  /** How many items had been sent when there was credit left: none of them may come later. */
  let payable = 0;
  let seen = 0;
  const isLate = (item: Item): boolean => item.at >= 0 && item.at < payable;
  for (const step of play.steps) {
    seen = received.length;
    if ('grant' in step) grant(step.grant);
    else sender.do(step);
    answersPrompt &&= answers(sender.items) === answers(received);
    const others = received.length - answers(received);
    sender.do({ answer: 'now' });
    idle &&= others === received.length - answers(received) && !received.slice(seen).some(isLate);
    if (granted > taken) payable = sender.items.length;
  }
  seen = received.length;
  const before = sender.items.length;
  const known = received.length;
  let atRest = 0;
  switch (play.ending) {
    case 'end': {
      if (play.hasty) sender.end();
      for (let left = 1_000; left > 0 && (sender.spent > taken || left > 990); left -= 1) {
        grant(3);
        turns.turn();
      }
      grant(1_000_000);
      while (turns.turn());
      atRest = sender.balance;
      if (!play.hasty) sender.end();
      while (turns.turn());
      break;
    }
    case 'abort':
      sender.abort();
      break;
    case 'fail':
      sender.fail();
      break;
    case 'reset':
      if (play.hasty) sender.end();
      finish();
      break;
    case 'leave':
      finish();
      grant(1_000);
  }
  while (turns.turn());
  idle &&= !received.slice(seen).some(isLate);
  const drained = received
    .slice(known)
    .flatMap((item) => ('record' in item && item.at < before ? [item.record.cost] : []));
  return {
    sent: sender.items,
    received,
    closing,
    error,
    fault,
    began: beganAtOnce,
    opened,
    atRest,
    mostCredit: sender.most,
    granted,
    spent: sender.spent,
    taken,
    fair,
    since,
    held: drained.reduce((sum, cost) => sum + cost, 0),
    answersPrompt,
    idle,
    resets: sender.resets,
    left: sender.left,
  };
}

/** What was sent that these are; one that was never sent, or not like this, stands at -1. */
const itemsOf = (items: readonly Item[], run: Run<LawRecord>): Item[] =>
  Array.from({ length: run.length }, (_, index) => {
    const { partition, offset, key, cost } = run.at(index);
    const found = items.find(
      (item) => 'record' in item && item.record.partition === partition && item.record.offset === offset,
    );
    const isSame = found !== undefined && 'record' in found && found.record.key === key && found.record.cost === cost;
    return isSame ? found : { at: -1, record: run.at(index) };
  });

const costOf = (items: readonly Item[]): number =>
  items.reduce((sum, item) => sum + ('record' in item ? item.record.cost : 0), 0);

function flushOf(items: readonly Item[], ext: Mark | Answer): Item {
  const { id } = ext as Partial<LawMark>;
  const found = items.find(
    (item) =>
      ('mark' in item && 'mark' in ext && (item.mark as LawMark).id === id && item.mark.mark === ext.mark) ||
      ('answer' in item && 'answer' in ext && (item.answer as { id?: number }).id === id),
  );
  return found ?? ('answer' in ext ? { at: -1, answer: ext } : { at: -1, mark: ext });
}
