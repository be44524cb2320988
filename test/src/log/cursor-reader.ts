import { Subscriber } from 'rxjs';
import { Cursors } from '../../../src/log/cursors.ts';
import { Dispatcher } from '../../../src/log/dispatcher.ts';
import type { Filtering } from '../../../src/log/filtering.ts';
import type { From, LogIsolation } from '../../../src/log/log.ts';
import type { Gap } from '../../../src/marks.ts';
import type { KafkaRecord } from '../../../src/protocol/kafka.ts';
import { Turns } from '../../../src/testing/index.ts';
import type { MemoryLog } from './memory-log.ts';

export interface ReaderOptions {
  readonly from?: From;
  readonly isBounded?: boolean;
  readonly isolation?: LogIsolation;
  readonly filtering?: Filtering<KafkaRecord> | undefined;
}

const text = (bytes: Uint8Array | null): string => (bytes === null ? 'null' : Buffer.from(bytes).toString());

/** What a record or a mark is, in a few letters. */
export const shown = (record: KafkaRecord): string => `${text(record.key)}@${record.offset}`;

/** A reader of logs that takes as much as it is told to, in a time of its own, and writes down what comes. */
export class CursorReader {
  readonly turns: Turns;
  readonly got: string[] = [];
  readonly records: KafkaRecord[] = [];
  readonly failures: unknown[] = [];
  readonly cursors: Cursors<KafkaRecord>;
  /** How often it was woken. */
  wakes = 0;
  balance = 0;
  readonly life: Subscriber<never>;

  constructor(
    logs: readonly (MemoryLog | Dispatcher<KafkaRecord>)[],
    options: ReaderOptions = {},
    turns = new Turns(),
  ) {
    const { from = 'earliest', isBounded = false, isolation = 'read_committed', filtering } = options;
    this.turns = turns;
    this.life = new Subscriber<never>({
      next() {},
      error: (thrown: unknown) => this.failures.push(thrown),
      complete() {},
    });
    this.cursors = new Cursors<KafkaRecord>({
      topic: 'topic',
      isolation,
      conflates: true,
      isBounded,
      snapshotTimeout: 60_000,
      scheduler: turns,
      life: this.life,
      hasCredit: () => this.balance > 0,
      begun: () => {},
      wake: () => {
        this.wakes += 1;
        this.#take();
      },
      filtering,
    });
    for (const [partition] of logs.entries()) this.cursors.join(partition);
    for (const [partition, log] of logs.entries())
      this.cursors.read(partition, log instanceof Dispatcher ? log : new Dispatcher(log, turns), from);
    this.cursors.gathered();
    this.#take();
  }

  /** Grants credit, and takes what there is for it. */
  grant(credit: number): this {
    this.balance += credit;
    this.#take();
    return this;
  }

  /** Lets all pass that is due. */
  settle(): this {
    while (this.turns.turn());
    return this;
  }

  leave(): void {
    this.life.unsubscribe();
  }

  #isTaking = false;

  #take(): void {
    if (this.#isTaking) return;
    this.#isTaking = true;
    for (;;) {
      const frame = this.life.closed ? undefined : this.cursors.poll(this.balance);
      if (frame === undefined) {
        if (this.life.closed || !this.cursors.look()) break;
      } else if (frame.kind === 'data') {
        this.balance -= frame.reserved;
        for (let at = 0; at < frame.payload.length; at += 1) {
          this.records.push(frame.payload.at(at));
          this.got.push(shown(frame.payload.at(at)));
        }
      } else if (frame.ext.mark === 'gap') {
        const { from, to, reason } = frame.ext as Gap;
        this.got.push(`${reason} ${from}-${to}`);
      } else if (frame.ext.mark === 'progress') this.got.push(`progress ${[...frame.ext.offsets.values()]}`);
      else this.got.push(frame.ext.mark);
    }
    this.#isTaking = false;
  }
}
