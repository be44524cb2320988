import { type SchedulerLike, Subscriber } from 'rxjs';
import { type Control, reset, window } from '../control.ts';
import type { Frame } from '../frame.ts';
import type { Answer, Mark } from '../marks.ts';
import type { LaneOperator } from '../protocol.ts';
import { type Item, type LawLane, type LawRecord, RUNAWAY, Sender, type Step } from './sender.ts';
import { Turns } from './turns.ts';

/** A whole run of an operator: what happens, and how it ends. */
export interface Play {
  /** Credit that the consumer grants inside the delivery of BEGIN; 0 for none. */
  readonly early: number;
  /** Whether the consumer grants what a DATA cost inside its delivery. */
  readonly echo: boolean;
  readonly steps: readonly Step[];
  /** What ends it: the source's END or ABORT, or the consumer's RESET or leaving. */
  readonly ending: 'end' | 'abort' | 'reset' | 'leave';
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
  /** Credit granted upstream before anything was sent; then what was left of all credit when all had drained. */
  readonly opened: number;
  readonly atRest: number;
  readonly mostCredit: number;
  /** What was granted downstream, and what the records sent and received cost. */
  readonly granted: number;
  readonly spent: number;
  readonly taken: number;
  /** What the operator held when nothing more was produced. */
  readonly held: number;
  /** Whether every answer had arrived by the end of the step that sent it. */
  readonly answersPrompt: boolean;
  /** Whether nothing was held that could have been sent: nothing comes when the operator is merely woken. */
  readonly idle: boolean;
  readonly resets: readonly unknown[];
  readonly left: boolean;
}

/** Plays `play` through an operator and tells what came of it. */
export function drive(make: (scheduler: SchedulerLike) => LaneOperator<LawLane>, play: Play): Outcome {
  const turns = new Turns();
  const sender = new Sender();
  const received: Item[] = [];
  const closing: string[] = [];
  let error: unknown;
  let control: (control: Control) => void = () => {};
  let granted = 0;
  let taken = 0;
  const grant = (credit: number): void => {
    granted += credit;
    control(window(credit));
  };
  const find = (ext: Mark | Answer): Item | undefined =>
    sender.items.find((item) => ('mark' in item && item.mark === ext) || ('answer' in item && item.answer === ext));
  const consumer = new Subscriber<Frame<LawLane>>({
    next(frame) {
      if (received.length > RUNAWAY || closing.length > RUNAWAY) consumer.unsubscribe();
      switch (frame.kind) {
        case 'begin':
          control = frame.control;
          if (play.early > 0) grant(play.early);
          return;
        case 'data':
          taken += frame.reserved;
          for (let index = 0; index < frame.payload.length; index += 1)
            received.push(itemOf(sender.items, frame.payload.at(index)));
          if (play.echo) grant(frame.reserved);
          return;
        case 'flush':
          received.push(find(frame.ext) ?? { at: -1, mark: frame.ext as Mark });
          return;
        default:
          closing.push(frame.kind);
      }
    },
    error(defect: unknown) {
      error = defect;
      closing.push('error');
    },
    complete: () => closing.push('complete'),
  });
  sender.frames.pipe(make(turns)).subscribe(consumer);

  const opened = sender.granted;
  let answersPrompt = true;
  let idle = true;
  const answers = (items: readonly Item[]): number => items.filter((item) => 'answer' in item).length;
  for (const step of play.steps) {
    if ('grant' in step) grant(step.grant);
    else sender.do(step);
    answersPrompt &&= answers(sender.items) === answers(received);
    const others = received.length - answers(received);
    sender.do({ answer: 'now' });
    idle &&= others === received.length - answers(received);
  }
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
    case 'reset':
      if (play.hasty) sender.end();
      control(reset('enough'));
      break;
    case 'leave':
      consumer.unsubscribe();
      grant(1_000);
  }
  while (turns.turn());
  const drained = received
    .slice(known)
    .flatMap((item) => ('record' in item && item.at < before ? [item.record.cost] : []));
  return {
    sent: sender.items,
    received,
    closing,
    error,
    opened,
    atRest,
    mostCredit: sender.most,
    granted,
    spent: sender.spent,
    taken,
    held: drained.reduce((sum, cost) => sum + cost, 0),
    answersPrompt,
    idle,
    resets: sender.resets,
    left: sender.left,
  };
}

function itemOf(items: readonly Item[], record: LawRecord): Item {
  const same = (item: Item): boolean =>
    'record' in item && item.record.partition === record.partition && item.record.offset === record.offset;
  return items.find(same) ?? { at: -1, record };
}
