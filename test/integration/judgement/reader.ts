import { type Control, window } from '../../../src/control.ts';
import { emitter } from '../../../src/emitter.ts';
import type { Frame } from '../../../src/frame.ts';
import { lawful } from '../../../src/lawful.ts';
import type { Kafka, KafkaBegin, KafkaGap, KafkaRecord } from '../../../src/protocol/kafka.ts';
import type { Binding } from '../../../src/protocol.ts';
import type { Run } from '../../../src/run.ts';
import { Column } from './column.ts';
import { LAST_KEY, numberOf, printOf } from './records.ts';

/** How a reader takes what it is sent: at once, some bytes now and then, or some bytes and then nothing until it hurries. */
export type Pace = 'fast' | { readonly bytes: number; readonly every: number } | { readonly bytes: number };

/** What one reader got of a partition. */
export interface Got {
  readonly offsets: Column;
  readonly prints: Column;
  /** How many came before the caught-up mark. */
  atMark: number;
}

const FAST = 1 << 18;

/** A stream of the pair, of which is kept what has to be judged. */
export class Reader {
  readonly begin: Extract<KafkaBegin, { api: 'fetch' | 'merged' }>;
  readonly got = new Map<number, Got>();
  readonly starts = new Map<number, number>();
  /** Where what it can read of each partition ended when it began. */
  readonly ends = new Map<number, bigint>();
  readonly gaps: KafkaGap[] = [];
  isCaughtUp = false;
  hasEnded = false;
  failure: unknown;
  records = 0;
  readonly #lasts = new Set<number>();
  #pace: Pace;
  #control: ((control: Control) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #partitions: number;
  readonly #subscription;

  /** @param partitions how many it reads, and so how many last records it is to get if it does not end by itself */
  constructor(binding: Binding<Kafka>, begin: Reader['begin'], pace: Pace, partitions: number) {
    this.begin = begin;
    this.#pace = pace;
    this.#partitions = partitions;
    const initial = emitter<Kafka['initial']>(begin, () => ({ pull: () => undefined }));
    this.#subscription = initial.pipe(binding, lawful('reply')).subscribe({
      next: (frame) => this.#take(frame),
      error: (thrown) => {
        this.failure = thrown;
      },
    });
  }

  /** Whether it has all that it waits for, or cannot get it. */
  get isOver(): boolean {
    return this.failure !== undefined || this.hasEnded || (this.begin.until === undefined && this.hasLasts);
  }

  get hasLasts(): boolean {
    return this.#lasts.size === this.#partitions;
  }

  /** What it waits for, and how far it is. */
  get lacks(): string {
    if (this.starts.size === 0) return 'BEGIN';
    const at = (partition: number): string =>
      `${partition} behind ${this.got.get(partition)?.offsets.last ?? 'nothing'}`;
    const open = [...this.starts.keys()].filter((partition) => !this.#lasts.has(partition));
    return this.begin.until === undefined
      ? `the last record of ${open.map(at).join(', ')}`
      : `END, at ${[...this.starts.keys()].map(at).join(', ')}`;
  }

  /** Takes all from now on as it comes. */
  hurry(): void {
    clearInterval(this.#timer);
    if (this.#pace === 'fast') return;
    this.#pace = 'fast';
    this.#control?.(window(FAST));
  }

  leave(): void {
    clearInterval(this.#timer);
    this.#subscription.unsubscribe();
  }

  #take(frame: Frame<Kafka['reply']>): void {
    switch (frame.kind) {
      case 'begin': {
        const { ext } = frame;
        const begun = ext.api === 'merged' ? ext.partitions : ext.api === 'fetch' ? [ext] : [];
        for (const { partition, offset, lastStableOffset, highWatermark } of begun) {
          this.starts.set(partition, Number(offset));
          const isAll = this.begin.isolation === 'read_uncommitted';
          this.ends.set(partition, isAll ? highWatermark : lastStableOffset);
        }
        this.#control = frame.control;
        return this.#grant();
      }
      case 'data': {
        const run = frame.payload as Run<KafkaRecord>;
        for (let at = 0; at < run.length; at += 1) this.#keep(run.at(at));
        if (this.#pace === 'fast') this.#control?.(window(frame.reserved));
        return;
      }
      case 'flush': {
        if (!('mark' in frame.ext)) return;
        if (frame.ext.mark === 'gap') this.gaps.push(frame.ext);
        if (frame.ext.mark !== 'caught-up') return;
        this.isCaughtUp = true;
        for (const got of this.got.values()) got.atMark = got.offsets.length;
        return;
      }
      case 'end':
        this.hasEnded = true;
        return clearInterval(this.#timer);
      case 'abort':
        this.failure = frame.ext ?? new Error('ABORT');
    }
  }

  #grant(): void {
    const pace = this.#pace;
    this.#control?.(window(pace === 'fast' ? FAST : pace.bytes));
    if (pace === 'fast' || !('every' in pace)) return;
    this.#timer = setInterval(() => this.#control?.(window(pace.bytes)), pace.every);
  }

  #keep({ partition, offset, key, value, headers, timestamp }: KafkaRecord): void {
    let got = this.got.get(partition);
    if (got === undefined) {
      got = { offsets: new Column(), prints: new Column(), atMark: 0 };
      this.got.set(partition, got);
    }
    got.offsets.push(Number(offset));
    got.prints.push(printOf(key, value, headers[0]?.value ?? null, timestamp));
    this.records += 1;
    if (numberOf(key) === LAST_KEY) this.#lasts.add(partition);
  }
}
