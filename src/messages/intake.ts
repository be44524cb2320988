import { defer, type SchedulerLike, Subscriber, type Subscription } from 'rxjs';
import { Account } from '../credit.ts';
import { Deque } from '../deque.ts';
import { emitter } from '../emitter.ts';
import { Fifo } from '../flow/queue.ts';
import type { Data, Flush, Frame } from '../frame.ts';
import { listen } from '../listen.ts';
import { keep } from '../payload.ts';
import type { Kafka, KafkaBegin, KafkaMark, KafkaRecord, KafkaReplyBegin } from '../protocol/kafka.ts';
import { errorOf } from '../protocol/kafka-error.ts';
import type { Binding, RunLane } from '../protocol.ts';
import type { Run } from '../run.ts';
import type { Start } from './from.ts';
import { type Message, messageOf, type Reading } from './message.ts';
import { GapMark, gapError, type MessageMark } from './message-mark.ts';
import { Stand, Track } from './track.ts';

export interface IntakeOptions {
  readonly binding: Binding<Kafka>;
  /** What the stream is opened with, from a start. */
  readonly beginOf: (start: Start) => KafkaBegin;
  readonly start: Start;
  /** How much may come before it is taken, in bytes: an integer >= 1, which is one record. */
  readonly window: number;
  /** How many messages are taken at once; more may wait for long. */
  readonly awaited: () => number;
  readonly reading: Reading;
  /** Whether marks are taken too; without, a gap is an error. */
  readonly marks: boolean;
  readonly onBegin: ((begin: KafkaReplyBegin) => void) | undefined;
  readonly scheduler: SchedulerLike;
  /** Called when there may be something to take, or all is over. */
  readonly changed: () => void;
}

interface Records extends RunLane<KafkaRecord> {
  readonly flush: KafkaMark;
}

type Item = Message<unknown, unknown> | MessageMark;

/**
 * One stream in the hands of a reader, who takes its messages one at a time. What a message cost is granted anew when the
 * next is taken.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #account: Account;
  readonly #track = new Track();
  readonly #waiting = new Fifo<Records>(() => {});
  /** What is told before all else. */
  readonly #gaps = new Deque<GapMark>();
  #run: Run<KafkaRecord> | undefined;
  /** Where the stream stood before that run. */
  #before = this.#track.stand;
  #index = 0;
  #cost = 0;
  #over: { readonly error?: unknown } | undefined;

  /** @throws SluiceError OPTION_INVALID */
  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#account = new Account(options.window);
  }

  /** Whether nothing more is to come, and what went wrong; known once nothing waits. */
  get over(): { readonly error?: unknown } | undefined {
    return this.#over;
  }

  /** Opens the stream; it is left when `life` ends. */
  open(life: Subscription): void {
    this.#open(life, this.#options.start);
  }

  /** Takes the next message or mark, if there is one. @throws SluiceError MESSAGE_DECODE, MESSAGE_GAP */
  take(): Item | undefined {
    this.#account.owe(this.#cost);
    this.#cost = 0;
    this.#account.settle();
    const gap = this.#gaps.shift();
    if (gap !== undefined) return this.#told(gap);
    while (this.#run === undefined) {
      const frame = this.#waiting.poll(Number.POSITIVE_INFINITY);
      if (frame === undefined) return undefined;
      const mark = frame.kind === 'data' ? this.#begin(frame.payload) : this.#markOf(frame.ext);
      if (mark !== undefined) return mark;
    }
    return this.#next(this.#run);
  }

  #begin(run: Run<KafkaRecord>): undefined {
    this.#run = run;
    this.#index = 0;
    this.#before = this.#track.stand;
    const { partition, offset } = run.at(run.length - 1);
    this.#track.move(partition, offset + 1n);
  }

  #next(run: Run<KafkaRecord>): Item {
    const index = this.#index;
    this.#cost = run.cost(index);
    this.#index = index + 1;
    if (this.#index === run.length) this.#run = undefined;
    return messageOf(this.#options.reading, run.at(index), this.#before);
  }

  #markOf(mark: KafkaMark): MessageMark | undefined {
    const { reading, marks } = this.#options;
    switch (mark.mark) {
      case 'gap': {
        this.#track.gap(mark);
        return this.#told(new GapMark(reading.topic, mark, this.#track.stand));
      }
      case 'progress':
        this.#track.progress(mark);
        return marks ? { mark: 'progress', progress: this.#track.stand.progress } : undefined;
      case 'caught-up':
        return marks ? { mark: 'caught-up', progress: this.#track.stand.progress } : undefined;
      default:
        return undefined;
    }
  }

  #told(gap: GapMark): GapMark {
    if (this.#options.marks) return gap;
    throw gapError(gap);
  }

  #open(life: Subscription, start: Start): void {
    const { binding, beginOf, scheduler } = this.#options;
    const error = (error: unknown): void => this.#end({ error });
    const stream = new Subscriber<never>({ next() {}, error, complete() {} });
    life.add(stream);
    const initial = emitter<Kafka['initial']>(beginOf(start), () => ({ pull: () => undefined }), scheduler);
    const reply = defer(() => binding(initial));
    listen(reply, stream, {
      next: (frame) => {
        if (frame.kind !== 'begin' || !isAnother(start, frame.ext)) return this.#receive(frame);
        stream.unsubscribe();
        this.#restart(life, start, frame.ext.topicId);
      },
      complete: () => this.#end({ error: errorOf() }),
    });
  }

  #receive(frame: Frame<Kafka['reply']>): void {
    switch (frame.kind) {
      case 'begin':
        this.#track.begin(frame.ext);
        this.#options.onBegin?.(frame.ext);
        this.#account.open(frame.control);
        this.#account.settle();
        return;
      case 'data':
        this.#offer(frame as Data<Run<KafkaRecord>>);
        return this.#options.changed();
      case 'flush':
        if ('mark' in frame.ext) this.#waiting.mark(frame as Flush<KafkaMark>);
        return this.#options.changed();
      case 'end':
        return this.#end({});
      case 'abort':
        return this.#end({ error: errorOf(frame.ext) });
    }
  }

  /** What is not taken at once must not pin the memory around it. */
  #offer(frame: Data<Run<KafkaRecord>>): void {
    const isFirst = this.#run === undefined && this.#waiting.empty;
    this.#waiting.offer(isFirst && frame.payload.length <= this.#options.awaited() ? frame : keep(frame));
  }

  /** The offsets are of a topic that is there no longer: that is told, and the one that has its name is read from its start. */
  #restart(life: Subscription, { partitions }: Start, topicId: string | undefined): void {
    const stand = new Stand(topicId);
    for (const [partition, from] of partitions) {
      const offset = typeof from === 'object' && 'offset' in from ? from.offset : 0n;
      const gap = { mark: 'gap', partition, from: offset, to: offset, reason: 'recreated' } as const;
      this.#gaps.push(new GapMark(this.#options.reading.topic, gap, stand));
    }
    this.#open(life, { default: 'earliest', partitions: new Map() });
    this.#options.changed();
  }

  #end(over: { readonly error?: unknown }): void {
    this.#over ??= over;
    this.#options.changed();
  }
}

/** Whether a stream began in another topic than the one whose offsets it was to begin at. */
const isAnother = (
  start: Start,
  begin: KafkaReplyBegin,
): begin is Extract<KafkaReplyBegin, { api: 'merged' | 'fetch' }> =>
  (begin.api === 'merged' || begin.api === 'fetch') &&
  begin.topicId !== undefined &&
  start.topicId !== undefined &&
  begin.topicId !== start.topicId;
