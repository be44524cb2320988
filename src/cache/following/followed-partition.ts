import { EMPTY, type Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { Backoff, type BackoffOptions } from '../../backoff.ts';
import { type ControlSink, window } from '../../control.ts';
import type { Frame } from '../../frame.ts';
import { listen } from '../../listen.ts';
import { Loop } from '../../loop.ts';
import type { Gap } from '../../marks.ts';
import type { From, Kafka, KafkaBegin, KafkaFault } from '../../protocol/kafka.ts';
import type { RecordBatch } from '../../protocol/kafka-batch.ts';
import { isFault, KafkaError } from '../../protocol/kafka-error.ts';
import { replies } from '../../protocol/kafka-states.ts';
import type { Binding } from '../../protocol.ts';
import { Arrivals, type SourceMark } from './arrivals.ts';
import type { FollowedLog } from './followed-log.ts';
import { refetch } from './refetch.ts';

export interface FollowedPartitionOptions {
  readonly exit: Binding<Kafka>;
  readonly topic: string;
  readonly partition: number;
  readonly log: FollowedLog;
  /** Where a log begins of which there is nothing yet. */
  readonly from: () => From;
  /** How long a log may be out of touch before tombstones may have gone unseen, in milliseconds; forever on a plain topic. */
  readonly patience: () => number;
  readonly backoff: BackoffOptions;
  readonly scheduler: SchedulerLike;
  readonly life: Subscriber<never>;
  /** Told what is tried again. */
  readonly onRetry: (fault: KafkaFault) => void;
}

/** How much is under way from the source, in bytes: what is read of it while what came before is written. */
const WINDOW = 8 * 1024 * 1024;
/** How long without news until what was known counts as out of date, in milliseconds. */
const SILENCE = 15_000;

/**
 * Keeps the log of one partition level with its source: fetches from where the log ends, and writes what comes in the
 * order in which it comes, one write at a time. Credit returns once what it paid for is written.
 */
export class FollowedPartition {
  readonly #options: FollowedPartitionOptions;
  readonly #backoff: Backoff;
  readonly #loop: Loop;
  readonly #arrivals = new Arrivals();
  #control: ControlSink = () => {};
  #stream: Subscription | undefined;
  #work: Subscription | undefined;
  #silence: Subscription | undefined;
  #heardAt: number | undefined;
  /** Whether the stream is one with which the log begins. */
  #isFirst = false;

  constructor(options: FollowedPartitionOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
    this.#loop = new Loop(
      () => this.#step(),
      (thrown) => options.life.error(thrown),
      options.scheduler,
    );
    // In one that never was level, tombstones are missed from when it was begun.
    this.#heardAt = options.log.levelAt ?? options.log.begunAt;
    const { exit, log } = options;
    log.source = {
      refetch: (from, to) => refetch(exit, options, from, to),
      resume: () => this.#resume(),
    };
    options.life.add(() => this.close());
    this.#open();
  }

  /** Follows no longer. */
  close(): void {
    this.#leave();
    this.#loop.stop();
    this.#work?.unsubscribe();
    this.#options.log.source = undefined;
    this.#options.log.unlevel();
  }

  #resume(): void {
    this.#leave();
    this.#openLater();
  }

  #leave(): void {
    this.#stream?.unsubscribe();
    this.#silence?.unsubscribe();
    this.#arrivals.clear();
  }

  #open(): void {
    const { exit, life } = this.#options;
    // What is still being written says where to go on.
    if (this.#work !== undefined) return this.#openLater();
    if (this.#isOutOfTouch()) return this.#restart();
    this.#isFirst = this.#options.log.next === undefined;
    this.#stream = listen(replies(exit, this.#begin()), life, {
      next: (frame) => this.#take(frame),
      error: (thrown) => this.#fail(thrown),
      complete() {},
    });
  }

  #begin(): KafkaBegin {
    const { topic, partition, log, from } = this.#options;
    const { next, lastEpoch } = log;
    const fetch = { api: 'fetch', topic, partition, batches: true, isolation: 'read_uncommitted' } as const;
    return next === undefined ? { ...fetch, from: from() } : { ...fetch, from: { offset: next }, lastEpoch };
  }

  #take(frame: Frame<Kafka['reply']>): void {
    // What has nothing new tells so every few seconds; nothing was missed in between.
    if (this.#isOutOfTouch(SILENCE)) return this.#restart();
    switch (frame.kind) {
      case 'begin':
        this.#control = frame.control;
        frame.control(window(WINDOW));
        if (frame.ext.api === 'fetch' && this.#isFirst)
          this.#write(this.#options.log.begin(frame.ext.offset), () => {});
        return;
      case 'data':
        return this.#put(frame.payload as RecordBatch);
      case 'flush': {
        const { ext } = frame;
        if ('mark' in ext && (ext.mark === 'watermark' || ext.mark === 'progress' || ext.mark === 'gap'))
          this.#put(ext);
        return;
      }
      case 'end':
        return this.#fail(new KafkaError('KAFKA_CLOSED', 'the stream was ended').at(this.#place));
      case 'abort':
        return this.#fail(frame.ext ?? new KafkaError('KAFKA_CLOSED', 'the stream was aborted').at(this.#place));
    }
  }

  #put(item: RecordBatch | SourceMark): void {
    this.#heardAt = this.#options.scheduler.now();
    this.#arrivals.put(item);
    this.#loop.wake();
  }

  /** Writes what is next, unless something is being written; answers whether it did. */
  #step(): boolean {
    const next = this.#work === undefined ? this.#arrivals.take() : undefined;
    if (next === undefined) return false;
    if ('mark' in next) this.#write(this.#marked(next), () => {});
    else {
      const bytes = next.reduce((sum, batch) => sum + batch.bytes.byteLength, 0);
      const control = this.#control;
      this.#write(this.#options.log.append(next), () => control(window(bytes)));
    }
    return true;
  }

  #marked(mark: SourceMark): Observable<void> {
    const { log, partition, scheduler } = this.#options;
    switch (mark.mark) {
      case 'watermark':
        this.#hear();
        return log.stand(mark, scheduler.now());
      case 'progress':
        return log.pass(mark.offsets.get(partition) as bigint);
      case 'gap':
        return this.#gap(mark);
    }
  }

  #gap({ reason, from, to }: Gap): Observable<void> {
    const { log } = this.#options;
    if (reason === 'recreated') {
      // Whoever follows the topic learns its new id, too, and begins anew with all of its partitions.
      this.#leave();
      return EMPTY;
    }
    if (reason === 'corrupt') return log.lose(to);
    return reason === 'retention' ? log.pass(to) : log.truncate(from);
  }

  #write(work: Observable<void>, then: () => void): void {
    const pending = listen(work, this.#options.life, {
      next() {},
      complete: () => {
        this.#work = undefined;
        // What comes of this stream is not what comes next in a log that was begun anew.
        if (this.#options.log.next === undefined) return this.#resume();
        this.#backoff.reset();
        then();
        this.#loop.wake();
      },
      error: (thrown) => {
        this.#work = undefined;
        this.#fail(thrown);
      },
    });
    if (!pending.closed) this.#work = pending;
  }

  /** What is known is good for a while. */
  #hear(): void {
    const { scheduler, log } = this.#options;
    this.#silence?.unsubscribe();
    this.#silence = scheduler.schedule(() => log.unlevel(), SILENCE);
  }

  /** @param least how long a silence is none, however short tombstones are kept, in milliseconds */
  #isOutOfTouch(least = 0): boolean {
    const { patience, scheduler } = this.#options;
    // A clock that went back far tells nothing of how long it was.
    const silence = Math.abs(scheduler.now() - (this.#heardAt ?? scheduler.now()));
    return silence > Math.max(least, patience());
  }

  /** The source may have removed tombstones that never came here: what they removed may be here still. */
  #restart(): void {
    this.#leave();
    this.#heardAt = undefined;
    this.#work?.unsubscribe();
    this.#work = undefined;
    const { log, life } = this.#options;
    this.#stream = listen(log.restart('tombstones'), life, {
      next() {},
      complete: () => this.#open(),
      error: (thrown) => this.#fail(thrown),
    });
  }

  /** Whatever failed, it is tried again from where the log ends. */
  #fail(thrown: unknown): void {
    const { life, log, onRetry } = this.#options;
    if (!isFault(thrown)) return life.error(thrown);
    this.#leave();
    log.unlevel();
    onRetry(thrown);
    this.#openLater();
  }

  #openLater(): void {
    this.#stream = this.#options.scheduler.schedule(() => this.#open(), this.#backoff.next());
  }

  get #place(): string {
    return `${this.#options.topic}/${this.#options.partition}`;
  }
}
