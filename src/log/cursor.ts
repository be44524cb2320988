import { SluiceError } from '../errors.ts';
import { type Data, type Flush, flush } from '../frame.ts';
import type { Run } from '../run.ts';
import { Chunks } from './chunks.ts';
import type { CursorOptions } from './cursor-options.ts';
import { start } from './cursor-start.ts';
import type { Dispatcher, Waiter } from './dispatcher.ts';
import { Ending } from './ending.ts';
import type { Filtering } from './filtering.ts';
import { type KeyedRecord, type Log, type Missed, type PartitionOffsets, readableEnd, type Seen } from './log.ts';
import type { CursorMark } from './log-lane.ts';
import { Position } from './position.ts';
import { Selection } from './selection.ts';

/**
 * One position in one log, and nothing but that: what is sent next is looked for when it is asked for, and history goes
 * over into what comes live without a seam.
 */
export class Cursor<R extends KeyedRecord> implements Waiter {
  readonly #dispatcher: Dispatcher<R>;
  readonly #log: Log<R>;
  readonly #options: CursorOptions<R>;
  readonly #position: Position;
  readonly #ending: Ending<R>;
  readonly #selection: Selection<R>;
  readonly #chunks: Chunks<R>;
  readonly #marks: Flush<CursorMark>[] = [];
  #seen: Seen;
  #state: 'starting' | 'ready' | 'waiting' | 'asleep' | 'loading' | 'done' = 'starting';
  /** What had been written, as far as was known, when it looked for the end. */
  #expected = 0n;

  constructor(dispatcher: Dispatcher<R>, options: CursorOptions<R>) {
    const { log } = dispatcher;
    const { scheduler, isolation, until, life, changed } = options;
    this.#dispatcher = dispatcher;
    this.#log = log;
    this.#options = options;
    this.#ending = new Ending(log, isolation, until);
    this.#seen = log.seen;
    this.#position = new Position(log.partition, (mark) => this.#tell(mark), scheduler);
    this.#selection = new Selection(log, options, this.#position, this.#ending);
    this.#chunks = new Chunks(log, isolation, life, () => {
      if (this.#state !== 'loading') return;
      this.#state = 'ready';
      changed(this);
    });
    dispatcher.join(this);
    this.#start();
  }

  /** Where it is, once it has begun, and where its log stands. */
  get offsets(): PartitionOffsets | undefined {
    if (this.#state === 'starting') return undefined;
    const { partition, offsets } = this.#log;
    const { lastStableOffset, highWatermark } = offsets;
    return { partition, offset: this.offset, lastStableOffset, highWatermark };
  }

  /** The id of the topic that its offsets are of. */
  get topicId(): string {
    return this.#position.topicId;
  }

  get offset(): bigint {
    return this.#position.offset ?? 0n;
  }

  /** Whether all was sent that it was to send. */
  get isDone(): boolean {
    return this.#state === 'done' && this.#ending.isTold && this.#marks.length === 0;
  }

  /** Whether there is nothing to poll for now. */
  get empty(): boolean {
    return this.#marks.length === 0 && this.#state !== 'ready';
  }

  /** Whether what is polled next costs nothing. */
  get free(): boolean {
    return this.#marks.length > 0 || (this.#state === 'ready' && this.#ending.isDue(this.offset));
  }

  /**
   * What is sent next; `undefined` where that is nothing on this balance, or it has not been found yet: then it is not
   * empty, and is to be polled again.
   */
  poll(balance: number): Data<Run<R>> | Flush<CursorMark> | undefined {
    for (;;) {
      if (this.#marks.length > 0) return this.#marks.shift();
      if (this.#state !== 'ready') return undefined;
      const missed = this.#log.missed(this.offset, this.#seen);
      if (missed !== undefined) this.#miss(missed, true);
      else if (this.#ending.isDue(this.offset)) this.#level();
      else if (balance <= 0) return undefined;
      else {
        const sent = this.#read(balance);
        // What was sent may have been the last there is: whoever is woken for the next has not to be asked again.
        if (this.#state === 'ready' && this.#isAtEnd && !this.#ending.isDue(this.offset)) this.#rest();
        if (sent !== undefined || !this.free) return sent;
      }
    }
  }

  /** The stream begins: what is told with that is where the log ends for it, not what was when its start was found. */
  gathered(): void {
    if (this.#state !== 'starting' && this.#state !== 'done') this.#learn();
  }

  /** Filters all that is not sent yet in another way. It may have something to poll then, of which nobody is told. */
  refilter(filtering: Filtering<R> | undefined): void {
    if (this.#state === 'asleep') {
      this.#dispatcher.recall(this, this.#options.isolation);
      this.#state = 'ready';
    }
    this.#selection.refilter(filtering);
  }

  wake(): void {
    if (this.#state === 'starting') return this.#start();
    if (this.#state === 'waiting' || this.#state === 'asleep') this.#state = 'ready';
    this.#options.changed(this);
  }

  reach(offset: bigint, tell: boolean): void {
    this.#position.skip(offset);
    if (tell) this.#position.tell();
  }

  level(): void {
    if (this.#state === 'done') return;
    if (this.#state === 'starting') return this.#start();
    if (!this.#isLevel) return this.#dispatcher.awaitLevel(this);
    if (this.#state === 'asleep') this.#dispatcher.recall(this, this.#options.isolation);
    this.#ending.level();
    this.#dispatcher.rouse(this);
  }

  fail(thrown: unknown): void {
    this.#options.life.error(thrown);
  }

  close(): void {
    this.#state = 'done';
    this.#chunks.hold(undefined);
    this.#position.close();
    this.#ending.release();
    this.#dispatcher.leave(this);
  }

  #start(): void {
    const { life, from, changed, isolation } = this.#options;
    if (!this.#log.offsets.isBegun) return this.#dispatcher.awaitChange(this);
    start(this.#log, from, isolation, life, (found) => {
      if (this.#state !== 'starting') return;
      if (found === undefined) return this.#dispatcher.awaitLevel(this);
      this.#position.topicId = this.#log.topicId;
      this.#position.start(found.offset);
      this.#seen = found.seen;
      this.#state = 'ready';
      this.#learn();
      // What was gone before it began is no fault of a snapshot, which is still to be taken.
      const missed = this.#log.missed(found.offset, found.seen);
      if (missed !== undefined) this.#miss(missed, false);
      changed(this);
    });
  }

  /** Finds the end, now or once the log is level. */
  #learn(): void {
    this.#ending.forget();
    this.#expected = this.#log.expected ?? 0n;
    if (this.#isLevel) this.#ending.level();
    else this.#dispatcher.awaitLevel(this);
  }

  get #isLevel(): boolean {
    const { isLevel, highWatermark } = this.#log.offsets;
    return isLevel && highWatermark >= this.#expected;
  }

  #tell(mark: CursorMark): void {
    this.#marks.push(flush(mark));
    if (this.#state !== 'starting') this.#options.changed(this);
  }

  #miss({ gap, resume }: Missed, isLoss: boolean): void {
    const { seen, topic, partition, topicId } = this.#log;
    const isAnew = seen.generation !== this.#seen.generation;
    // None is removed for its age while a snapshot is held: those went with all the rest, as the log was filled again.
    const isRefilled = gap.reason === 'tombstones' && this.#ending.bound !== undefined;
    if (isLoss && this.#ending.isBounded && (isAnew || isRefilled || resume > this.offset)) {
      this.#state = 'done';
      const lost = `${topic}/${partition}: offsets from ${this.offset}: ${gap.reason}`;
      return this.fail(new SluiceError('SNAPSHOT_LOST', lost));
    }
    this.#seen = seen;
    this.#chunks.hold(undefined);
    // Whoever reads on has to know which topic that is.
    const told = gap.reason === 'recreated' ? { ...gap, topicId } : gap;
    this.#marks.push(flush(told));
    this.#position.start(resume);
    if (!isAnew) return;
    this.#position.topicId = topicId;
    this.#learn();
  }

  /** Says that the end is reached, behind how far that is. */
  #level(): void {
    this.#ending.tell();
    this.#position.tell();
    this.#marks.push(flush({ mark: 'caught-up' }));
    if (this.#ending.isBounded) this.#state = 'done';
  }

  get #isAtEnd(): boolean {
    return this.offset >= readableEnd(this.#log.offsets, this.#options.isolation);
  }

  /** Waits for more. */
  #rest(): void {
    const { names } = this.#selection;
    if (names === undefined) {
      this.#state = 'waiting';
      this.#dispatcher.awaitChange(this);
    } else {
      this.#state = 'asleep';
      this.#dispatcher.awaitKeys(this, names, this.#options.isolation);
    }
  }

  #read(balance: number): Data<Run<R>> | undefined {
    const isFound = this.#selection.seek();
    if (this.#isAtEnd) return undefined;
    // It may come at once.
    this.#state = 'loading';
    const chunk = this.#chunks.at(this.offset);
    if (chunk === undefined) return undefined;
    this.#state = 'ready';
    const { gap } = chunk;
    if (gap !== undefined) this.#marks.push(flush({ ...gap, from: this.offset }));
    return this.#selection.take(chunk, balance, isFound);
  }
}
