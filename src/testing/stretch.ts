import { Observable, type SchedulerLike } from 'rxjs';
import { type ControlSink, window } from '../control.ts';
import { begin, end, type Frame } from '../frame.ts';
import type { LaneOperator } from '../protocol.ts';
import { records } from '../run.ts';
import type { LawLane } from './sender.ts';
import { Turns } from './turns.ts';

type Operator = (scheduler: SchedulerLike) => LaneOperator<LawLane>;

/** Whether END comes through `total` records, sent one by one to a consumer that grants one credit in each delivery. */
export function pingPong(operator: Operator, total: number): boolean {
  const turns = new Turns();
  let control: ControlSink = () => {};
  let ended = false;
  firehose(total)
    .pipe(operator(turns))
    .subscribe((frame) => {
      if (frame.kind === 'begin') control = frame.control;
      if (frame.kind === 'begin' || frame.kind === 'data') control(window(1));
      ended ||= frame.kind === 'end';
    });
  while (turns.turn());
  return ended;
}

/** The longest time, in milliseconds, between turns of the event loop, when each DATA takes its consumer one. */
export function longestStretch(operator: Operator): number {
  const turns = new Turns();
  let longest = 0;
  let since = 0;
  let control: ControlSink = () => {};
  firehose(500)
    .pipe(operator(turns))
    .subscribe((frame) => {
      if (frame.kind === 'begin') control = frame.control;
      if (frame.kind !== 'data') return;
      turns.time += 1;
      longest = Math.max(longest, turns.time - since);
    });
  control(window(1_000));
  do since = turns.time;
  while (turns.turn());
  return longest;
}

/**
 * The same, when each record takes its sender one, which sends five at a time, and all have the same key, for a consumer
 * that grants one credit.
 */
export function hotStretch(operator: Operator): number {
  const turns = new Turns();
  let longest = 0;
  let since = 0;
  let control: ControlSink = () => {};
  const sent = (): void => {
    turns.time += 1;
    longest = Math.max(longest, turns.time - since);
  };
  firehose(2_000, { keyOf: () => 'hot', sent, pause: { after: 5, turns } })
    .pipe(operator(turns))
    .subscribe((frame) => {
      if (frame.kind === 'begin') control = frame.control;
    });
  since = turns.time;
  control(window(1));
  do since = turns.time;
  while (turns.turn());
  return longest;
}

interface FirehoseOptions {
  readonly keyOf?: (sent: number) => string;
  readonly sent?: () => void;
  /** After how many it goes on in another turn; never, unless given. */
  readonly pause?: { readonly after: number; readonly turns: Turns };
}

/** Records of one credit, sent synchronously as credit comes. */
const firehose = (
  total: number,
  { keyOf = (sent) => `${sent}`, sent: told = () => {}, pause }: FirehoseOptions = {},
): Observable<Frame<LawLane>> =>
  new Observable((out) => {
    let balance = 0;
    let sent = 0;
    let sending = true;
    const send = (): void => {
      if (sending) return;
      sending = true;
      for (let left = pause?.after ?? total; left > 0 && balance > 0 && sent < total; left -= 1) {
        balance -= 1;
        sent += 1;
        told();
        out.next(records([{ key: keyOf(sent), cost: 1, partition: 0, offset: BigInt(sent) }]));
      }
      sending = false;
      if (balance > 0 && sent < total) pause?.turns.schedule(send);
      if (sent === total && !out.closed) {
        out.next(end());
        out.complete();
      }
    };
    out.next(
      begin(undefined, (control) => {
        if (control.kind === 'window') balance += control.credit;
        send();
      }),
    );
    sending = false;
    send();
  });
