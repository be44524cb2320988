import { Observable, type Subscriber } from 'rxjs';
import type { Control } from '../control.ts';
import type { Fault } from '../errors.ts';
import { abort, begin, end, type Following, type Frame, flush } from '../frame.ts';
import { type Answer, isAnswer, type Mark } from '../marks.ts';
import type { RunLane } from '../protocol.ts';
import { type Positioned, records } from '../run.ts';

/** The record that the law suite sends. */
export interface LawRecord extends Positioned {
  readonly key: string | null;
  readonly cost: number;
}

/** The lane that the law suite drives an operator with. */
export interface LawLane extends RunLane<LawRecord> {
  readonly flush: Mark | Answer;
}

/** The mark that the law suite sends; no two have the same id. */
export interface LawMark extends Mark {
  readonly mark: 'progress' | 'watermark' | 'caught-up' | 'gap' | 'filters';
  readonly id: number;
}

/** One thing that happens while an operator runs. */
export type Step =
  | { readonly produce: readonly { readonly key: string | null; readonly cost: number }[]; readonly partition: number }
  | { readonly mark: LawMark['mark']; readonly partition?: number }
  /** An answer goes out at once, or the next time that credit is granted, from inside that grant. */
  | { readonly answer: 'now' | 'on grant' }
  | { readonly grant: number };

/** A record, mark or answer, with its place among all that the source sent. */
export type Item =
  | { readonly at: number; readonly record: LawRecord }
  | { readonly at: number; readonly mark: Mark }
  | { readonly at: number; readonly answer: Answer };

/** What a sender aborts with, and what it fails with. */
export const FAULT: Fault = { code: 'LAW_SUITE', message: 'the sender gave up' };
export const DEFECT = new Error('a defect of the sender');

/** More than any play does lawfully. */
export const RUNAWAY = 300_000;

/** The sending side of a play: lawful, and as simple as it can be, so that it shares no code with what it tests. */
export class Sender {
  readonly items: Item[] = [];
  readonly resets: unknown[] = [];
  balance = 0;
  granted = 0;
  spent = 0;
  most = 0;
  left = false;
  readonly #pending: Following<LawLane>[] = [];
  readonly #onGrant: Following<LawLane>[] = [];
  readonly #offsets = new Map<number, bigint>();
  #out: Subscriber<Frame<LawLane>> | undefined;
  #sending = false;
  #id = 0;
  #controls = 0;

  readonly frames = new Observable<Frame<LawLane>>((out) => {
    this.#out = out;
    this.#sending = true;
    out.next(begin(undefined, (control) => this.#control(control)));
    this.#sending = false;
    this.#send();
    return () => {
      this.left = true;
    };
  });

  do(step: Step): void {
    if ('produce' in step) {
      const first = this.#offsets.get(step.partition) ?? 0n;
      this.#offsets.set(step.partition, first + BigInt(step.produce.length));
      const list = step.produce.map((one, index) => ({
        ...one,
        partition: step.partition,
        offset: first + BigInt(index),
      }));
      this.#pending.push(records(list, (record) => record.cost));
    } else if ('mark' in step) this.#pending.push(flush({ ...step, id: this.#nextId() }));
    else if ('answer' in step) {
      const answer = flush({ answer: 'done', id: this.#nextId() });
      if (step.answer === 'now') this.#pending.unshift(answer);
      else this.#onGrant.push(answer);
    }
    this.#send();
  }

  end(): void {
    this.#pending.push(end());
    this.#send();
  }

  abort(): void {
    // A grant that comes before it is sent brings no answer any more.
    this.#onGrant.length = 0;
    this.#pending.splice(0, this.#pending.length, abort(FAULT));
    this.#send();
  }

  /** Fails with what is no fault of the stream. */
  fail(): void {
    this.#out?.error(DEFECT);
  }

  #nextId(): number {
    this.#id += 1;
    return this.#id;
  }

  #control(control: Control): void {
    this.#controls += 1;
    if (this.#controls > RUNAWAY) throw new Error('credit was granted without end');
    if (control.kind === 'reset') {
      this.resets.push(control.ext);
      return this.abort();
    }
    this.balance += control.credit;
    this.granted += control.credit;
    this.most = Math.max(this.most, this.balance);
    this.#pending.unshift(...this.#onGrant.splice(0));
    this.#send();
  }

  #send(): void {
    if (this.#sending || this.#out === undefined) return;
    this.#sending = true;
    while (!this.#out.closed && this.#pending.length > 0) {
      const frame = this.#pending[0] as Following<LawLane>;
      if (frame.kind === 'data') {
        if (this.balance <= 0) break;
        this.#pending.shift();
        this.#sendRun(frame.payload.length, (index) => frame.payload.at(index));
      } else {
        this.#pending.shift();
        if (frame.kind === 'flush') this.items.push(this.#itemOf(frame.ext));
        this.#out.next(frame);
        if (frame.kind !== 'flush') this.#out.complete();
      }
    }
    this.#sending = false;
  }

  #itemOf(ext: Mark | Answer): Item {
    return isAnswer(ext) ? { at: this.items.length, answer: ext } : { at: this.items.length, mark: ext };
  }

  #sendRun(length: number, at: (index: number) => LawRecord): void {
    const list: LawRecord[] = [];
    let cost = 0;
    for (let index = 0; index < length && cost < this.balance; index += 1) {
      list.push(at(index));
      cost += at(index).cost;
    }
    const rest = Array.from({ length: length - list.length }, (_, index) => at(list.length + index));
    if (rest.length > 0) this.#pending.unshift(records(rest, (record) => record.cost));
    for (const record of list) this.items.push({ at: this.items.length, record });
    this.balance -= cost;
    this.spent += cost;
    this.#out?.next(records(list, (record) => record.cost));
  }
}
