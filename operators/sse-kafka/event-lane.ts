import { Account } from '../../src/credit.ts';
import type { Source } from '../../src/emitter.ts';
import { SluiceError } from '../../src/errors.ts';
import { Fifo } from '../../src/flow/queue.ts';
import {
  type Abort,
  abort,
  type Begin,
  type Data,
  type End,
  type Flush,
  type Following,
  flush,
} from '../../src/frame.ts';
import { integer } from '../../src/messages/bytes.ts';
import { cut, keep } from '../../src/payload.ts';
import type { HttpFault } from '../../src/protocol/http.ts';
import type { Kafka, KafkaGap, KafkaMark, KafkaRecord, KafkaReplyBegin } from '../../src/protocol/kafka.ts';
import type { Sse, SseProgress } from '../../src/protocol/sse.ts';
import { events, SseBody, type SseEvents } from '../../src/protocol/sse-events.ts';
import type { RunLane } from '../../src/protocol.ts';
import type { Run } from '../../src/run.ts';
import { EventIds, MOST_DIGITS, MOST_ID_BYTES, MOST_PROGRESS_BYTES } from './event-ids.ts';
import type { RecordEvents } from './record-events.ts';

interface Records extends RunLane<KafkaRecord> {
  readonly flush: KafkaMark;
}

/** What is told of a gap. */
export type ToldGap = Pick<KafkaGap, 'partition' | 'from' | 'to' | 'reason'> | { readonly reason: string };

/**
 * The records of a stream as the events of one client. They wait as records, and are encoded as the client has credit: its
 * credit is bytes of events, which are more.
 */
export class EventLane implements Source<Sse['reply']> {
  readonly #topic: string;
  readonly #events: RecordEvents;
  readonly #account: Account;
  readonly #ids = new EventIds();
  readonly #waiting = new Fifo<Records>(() => {});
  /** What is left of the run that is sent. */
  #run: Run<KafkaRecord> | undefined;
  /** Events that are no records. */
  #event: Data<SseEvents> | undefined;
  #terminal: End<undefined> | Abort<HttpFault> | undefined;

  /** @param window how many bytes of records may wait */
  constructor(topic: string, recordEvents: RecordEvents, window: number) {
    this.#topic = topic;
    this.#events = recordEvents;
    this.#account = new Account(window);
  }

  /** Whether END or ABORT has come. */
  get closing(): boolean {
    return this.#terminal !== undefined;
  }

  /** Begins where the stream of records does; `gaps` are told first. Answers the ABORT with which it does not. */
  begin({ ext, control }: Begin<KafkaReplyBegin>, gaps: readonly ToldGap[]): Abort<HttpFault> | undefined {
    this.#account.open(control);
    if (ext.api === 'merged') this.#ids.begin(ext);
    if (this.#ids.isTooLong) return this.#tooLong();
    if (gaps.length > 0) this.#event = this.#eventsOf(gaps);
    // Whoever leaves before the first event comes back to where it was, too.
    else this.#waiting.mark(flush({ mark: 'progress', offsets: new Map() }));
    return undefined;
  }

  /** Takes the next frame of the stream in. */
  next(frame: Data<Kafka['reply']['data']> | Flush<Kafka['reply']['flush']>, balance: number): void {
    if (frame.kind === 'flush') {
      if ('mark' in frame.ext) this.#waiting.mark(frame as Flush<KafkaMark>);
    } else {
      const records = frame as Data<Run<KafkaRecord>>;
      const isNext = balance > 0 && this.#run === undefined && this.#waiting.empty;
      this.#waiting.offer(isNext ? records : keep(records));
    }
  }

  /** Ends the lane: what waits is sent before END, and dropped for ABORT. */
  close(frame: End<undefined> | Abort<HttpFault>): void {
    if (this.#terminal?.kind !== 'abort') this.#terminal = frame;
  }

  pull(balance: number): Following<Sse['reply']> | undefined {
    if (this.#terminal?.kind === 'abort') return this.#terminal;
    for (;;) {
      if (this.#event !== undefined) return balance > 0 ? this.#told(this.#event, balance) : undefined;
      if (this.#run !== undefined) return balance > 0 ? this.#send(this.#run, balance) : undefined;
      const frame = this.#waiting.poll(balance > 0 ? Number.POSITIVE_INFINITY : 0);
      if (frame === undefined) return this.#waiting.empty ? this.#terminal : undefined;
      if (frame.kind === 'data') this.#run = frame.payload;
      else if (frame.ext.mark === 'gap') {
        this.#ids.gap(frame.ext);
        if (isTooLong(this.#ids.text)) return this.#tooLong();
        this.#event = this.#eventsOf([frame.ext]);
      } else if (frame.ext.mark === 'progress') {
        this.#ids.progress(frame.ext);
        const id = this.#ids.text;
        if (id === undefined) continue;
        return isTooLong(id) ? this.#tooLong() : flush<SseProgress>({ mark: 'progress', id });
      }
    }
  }

  idle(): boolean {
    return this.#account.settle();
  }

  reset(ext: unknown): Abort<HttpFault> {
    this.#account.reset(ext);
    return abort({ code: 'NET_CLOSED', message: 'the client left' });
  }

  #told(event: Data<SseEvents>, balance: number): Data<SseEvents> {
    const [head, rest] = cut(event, balance) ?? [event];
    this.#event = rest;
    return head;
  }

  #send(run: Run<KafkaRecord>, balance: number): Data<SseEvents> | Abort<HttpFault> {
    const { partition } = run.at(0);
    const prefix = this.#ids.isFormer(partition) ? undefined : this.#ids.before(partition);
    if (prefix !== undefined && prefix.length + MOST_DIGITS > MOST_PROGRESS_BYTES) return this.#tooLong();
    const sent = this.#events.of(this.#topic, run, prefix, balance);
    const { length } = sent.payload;
    let cost = 0;
    for (let index = 0; index < length; index += 1) cost += run.cost(index);
    this.#account.owe(cost);
    this.#ids.move(partition, run.at(length - 1).offset + 1n);
    this.#run = length === run.length ? undefined : run.slice(length, run.length).detach();
    return sent;
  }

  #tooLong(): Abort<HttpFault> {
    const detail = `${this.#topic} has more partitions than fit into an id of ${MOST_ID_BYTES} bytes`;
    return abort(new SluiceError('SSE_ID_TOO_LONG', detail));
  }

  /** Gaps as events that tell of them. The last has the id: who has heard of some only is told of all again. */
  #eventsOf(gaps: readonly ToldGap[]): Data<SseEvents> {
    const topic = this.#topic;
    const id = this.#ids.text;
    return events(
      gaps.map((gap, index) => {
        const range = 'from' in gap && { partition: gap.partition, from: integer(gap.from), to: integer(gap.to) };
        const told = JSON.stringify({ topic, ...range, reason: gap.reason });
        const isLast = index === gaps.length - 1;
        return { ...(isLast && id !== undefined && { id }), body: new SseBody(Buffer.from(told), 'gap') };
      }),
    );
  }
}

const isTooLong = (id = ''): boolean => id.length > MOST_PROGRESS_BYTES;
