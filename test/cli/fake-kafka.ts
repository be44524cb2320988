import { Observable, type Subscriber } from 'rxjs';
import { window } from '../../src/control.ts';
import { emit, type Outlet } from '../../src/emitter.ts';
import type { Fault } from '../../src/errors.ts';
import { abort, type Begin, type Data, end, type Following, type Frame, flush } from '../../src/frame.ts';
import { listen } from '../../src/listen.ts';
import { cut } from '../../src/payload.ts';
import type {
  Fragment,
  Kafka,
  KafkaAnswer,
  KafkaBegin,
  KafkaMark,
  KafkaRecord,
  KafkaReplyBegin,
  ProducedRecord,
} from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';
import { type Run, records } from '../../src/run.ts';

type Reply = Kafka['reply'];

/** What a fake topic sends, in order. */
export type Sent = Data<Run<KafkaRecord>> | KafkaMark | { readonly abort: Fault };

export interface FakeOptions {
  /** What a fetch is answered with. */
  readonly sends?: Iterable<Sent>;
  /** How much credit a produce has, in bytes; 1,000 by default. */
  readonly window?: number;
  /** Whether a produce gets back what it spent; true by default. */
  readonly credits?: boolean;
  /** Refuses records, or aborts the stream. */
  readonly refuses?: (record: number) => { readonly fault: Fault; readonly aborts?: boolean } | undefined;
}

/** A record that was produced, put together again. */
export interface Produced extends ProducedRecord {
  readonly value: string;
  /** How many fragments it came in. */
  readonly fragments: number;
}

const EMPTY = Buffer.alloc(0);

/** A record of partition 0, unless it says otherwise; its size is what it costs. */
export function recordOf(offset: number, value: string | Uint8Array | null, more: Partial<KafkaRecord> = {}) {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const record: KafkaRecord = {
    partition: 0,
    offset: BigInt(offset),
    timestamp: 1_700_000_000_000n + BigInt(offset),
    key: null,
    value: bytes,
    headers: [],
    aborted: false,
    ...more,
  };
  return record;
}

/** The DATA of these records. */
export const dataOf = (...list: KafkaRecord[]): Data<Run<KafkaRecord>> =>
  records(list, ({ key, value }) => 8 + (key?.length ?? 0) + (value?.length ?? 0));

/** A kafka binding without a cluster, which keeps to the credit that it is given and gives. */
export class FakeKafka {
  readonly opened: KafkaBegin[] = [];
  readonly produced: Produced[] = [];
  /** What was sent of a fetch, in bytes. */
  sent = 0;
  /** Whether whoever reads has left. */
  left = false;
  readonly #options: FakeOptions;
  #producing: Producing | undefined;

  constructor(options: FakeOptions = {}) {
    this.#options = options;
  }

  /** Ends the produce that is open. */
  abort(fault: Fault): void {
    this.#producing?.abort(fault);
  }

  readonly binding: Binding<Kafka> = (initial) =>
    new Observable((out) => {
      let stream: Fetching | Producing | undefined;
      out.add(() => {
        this.left = true;
      });
      listen(initial, out, {
        next: (frame) => {
          if (frame.kind === 'begin') {
            this.opened.push(frame.ext);
            const { ext } = frame;
            const isProduce = ext.api === 'produce' || (ext.api === 'merged' && ext.capabilities === 'produce');
            if (isProduce) this.#producing = new Producing(this, this.#options, frame, out);
            stream = isProduce ? this.#producing : this.#fetch(frame.ext, out);
          } else stream?.accept(frame);
        },
        complete() {},
      });
    });

  #fetch(begin: KafkaBegin, out: Subscriber<Frame<Reply>>): Fetching {
    return new Fetching(this, this.#options.sends ?? [], begin, out);
  }
}

class Fetching {
  readonly #fake: FakeKafka;
  readonly #sends: Iterator<Sent>;
  readonly #bounded: boolean;
  readonly #outlet: Outlet<Reply>;
  #next: Sent | undefined;
  #over = false;

  constructor(fake: FakeKafka, sends: Iterable<Sent>, begin: KafkaBegin, out: Subscriber<Frame<Reply>>) {
    this.#fake = fake;
    this.#sends = sends[Symbol.iterator]();
    this.#bounded = 'until' in begin && begin.until === 'latest';
    this.#outlet = emit<Reply>(out, { pull: (balance) => this.#pull(balance) });
    const at = { partition: 0, offset: 0n, lastStableOffset: 10n, highWatermark: 10n };
    const ext: KafkaReplyBegin =
      begin.api === 'fetch' ? { api: 'fetch', ...at } : { api: 'merged', partitions: [at], cleanupPolicy: 'delete' };
    this.#outlet.begin(ext);
  }

  accept(frame: Following<Kafka['initial']>): void {
    this.#over ||= frame.kind === 'end';
    this.#outlet.wake();
  }

  #pull(balance: number): Following<Reply> | undefined {
    if (this.#over) return end();
    this.#next ??= this.#sends.next().value as Sent | undefined;
    const next = this.#next;
    if (next === undefined) return this.#bounded ? end() : undefined;
    if ('abort' in next) return abort(next.abort);
    if ('mark' in next) {
      this.#next = undefined;
      return flush(next);
    }
    if (balance <= 0) return undefined;
    const [head, rest] = cut(next, balance) ?? [next, undefined];
    this.#next = rest;
    this.#fake.sent += head.reserved;
    return head;
  }
}

class Producing {
  readonly #fake: FakeKafka;
  readonly #options: FakeOptions;
  readonly #control: Begin<unknown>['control'];
  readonly #outlet: Outlet<Reply>;
  readonly #answers: (KafkaAnswer | Following<Reply>)[] = [];
  #opens: ProducedRecord | undefined;
  #value = EMPTY;
  #fragments = 0;
  #records = 0;
  #balance: number;

  constructor(fake: FakeKafka, options: FakeOptions, { control }: Begin<KafkaBegin>, out: Subscriber<Frame<Reply>>) {
    this.#fake = fake;
    this.#options = options;
    this.#control = control;
    this.#outlet = emit<Reply>(out, { pull: () => this.#pull() });
    this.#outlet.begin({ api: 'merged', partitions: [], cleanupPolicy: 'delete' });
    this.#balance = options.window ?? 1_000;
    control(window(this.#balance));
  }

  accept(frame: Following<Kafka['initial']>): void {
    if (frame.kind === 'data') this.#take(frame);
    if (frame.kind === 'end') this.#answers.push(frame as Following<Reply>);
    this.#outlet.wake();
  }

  abort(fault: Fault): void {
    this.#answers.push(abort(fault));
    this.#outlet.wake();
  }

  #take({ payload, reserved }: Data<Fragment>): void {
    if (this.#balance <= 0) throw new Error('sent without credit');
    if (this.#options.credits ?? true) this.#control(window(reserved));
    else this.#balance -= reserved;
    this.#opens = payload.opens ?? this.#opens;
    this.#value = Buffer.concat([this.#value, payload.body]);
    this.#fragments += 1;
    if (!payload.last || this.#opens === undefined) return;
    const at = this.#fake.produced.length;
    const record = this.#records;
    this.#records += 1;
    this.#fake.produced.push({ ...this.#opens, value: this.#value.toString('latin1'), fragments: this.#fragments });
    this.#value = EMPTY;
    this.#fragments = 0;
    const refusal = this.#options.refuses?.(at);
    if (refusal?.aborts) this.#answers.push(abort(refusal.fault));
    else if (refusal) this.#answers.push({ answer: 'refused', record, fault: refusal.fault });
    else this.#answers.push({ answer: 'produced', record, partition: 0, offset: BigInt(at), timestamp: 0n });
  }

  #pull(): Following<Reply> | undefined {
    const next = this.#answers.shift();
    return next !== undefined && 'answer' in next ? flush(next) : next;
  }
}
