import { Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import type { Control } from '../../../src/control.ts';
import { abort, begin, type Data, end, type Frame } from '../../../src/frame.ts';
import { cut } from '../../../src/payload.ts';
import type { Fragment, Kafka, KafkaBegin } from '../../../src/protocol/kafka.ts';
import { fragment } from '../../../src/protocol/kafka-fragment.ts';

/** A record of a play: how large its fragments are, and how long to wait before each, in milliseconds. */
export interface Scripted {
  readonly partition: number;
  readonly parts: readonly number[];
  readonly pause: number;
}

/** What one stream does: its records, and whether it aborts before the last fragment of the last. */
export interface Script {
  /** The partition of the stream, if it has but one: that of all its records. */
  readonly only?: number | undefined;
  readonly records: readonly Scripted[];
  readonly aborts: boolean;
}

/** A record as it was sent. */
export interface Sent {
  readonly id: string;
  readonly partition: number;
  readonly value: string;
}

/** The sending side of a stream: lawful, and as simple as it can be, so that it shares no code with what it tests. */
export class FragmentSender {
  /** Those that it has sent to the end. */
  readonly whole: Sent[] = [];
  balance = 0;
  most = 0;
  readonly frames: Observable<Frame<Kafka['initial']>>;
  readonly #waiting: { readonly frame: Data<Fragment>; readonly sent: Sent }[] = [];
  #out: Subscriber<Frame<Kafka['initial']>> | undefined;
  #ending: 'end' | 'abort' | undefined;
  #isSending = false;

  constructor(name: string, script: Script, ext: KafkaBegin, scheduler: SchedulerLike) {
    this.frames = new Observable((out) => {
      this.#out = out;
      this.#isSending = true;
      out.next(begin(ext, (control) => this.#control(control)));
      this.#isSending = false;
      this.#play(name, script, scheduler);
      this.#send();
    });
  }

  #play(name: string, { records, aborts }: Script, scheduler: SchedulerLike): void {
    let at = 0;
    for (const [index, { partition, parts, pause }] of records.entries()) {
      const id = `${name}${index}`;
      const value = parts.map((size, part) => String(part % 10).repeat(size)).join('');
      const sent = { id, partition, value };
      const isCutShort = aborts && index === records.length - 1;
      for (const [part, size] of parts.entries()) {
        const last = part === parts.length - 1;
        const opens = part === 0 ? { key: Buffer.from(id), headers: [], partition } : undefined;
        const frame = fragment(Buffer.from(String(part % 10).repeat(size)), last, opens);
        at += pause;
        if (!(last && isCutShort)) scheduler.schedule(() => this.#push({ frame, sent }), at);
      }
    }
    scheduler.schedule(() => {
      this.#ending = aborts ? 'abort' : 'end';
      this.#send();
    }, at + 1);
  }

  #push(item: { readonly frame: Data<Fragment>; readonly sent: Sent }): void {
    this.#waiting.push(item);
    this.#send();
  }

  #control(control: Control): void {
    if (control.kind === 'reset') {
      this.#waiting.length = 0;
      this.#ending = 'abort';
    } else {
      this.balance += control.credit;
      this.most = Math.max(this.most, this.balance);
    }
    this.#send();
  }

  #send(): void {
    if (this.#isSending || this.#out === undefined || this.#out.closed) return;
    this.#isSending = true;
    while (this.#waiting.length > 0 && this.balance > 0 && this.#ending !== 'abort') {
      const { frame, sent } = this.#waiting.shift()!;
      const parts = cut(frame, this.balance);
      if (parts !== undefined) this.#waiting.unshift({ frame: parts[1], sent });
      const head = parts?.[0] ?? frame;
      this.balance -= head.reserved;
      if (head.payload.last) this.whole.push(sent);
      this.#out.next(head);
    }
    if (this.#ending === 'abort' || (this.#ending === 'end' && this.#waiting.length === 0)) {
      this.#out.next(this.#ending === 'end' ? end() : abort({ code: 'NET_RESET', message: 'the sender is gone' }));
      this.#out.complete();
    }
    this.#isSending = false;
  }
}
