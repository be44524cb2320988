import { defer, EMPTY, endWith, NEVER, Observable, of, Subject, type Subscriber } from 'rxjs';
import type { FollowedLog, FollowedLogs, Remembered, Standing } from '../../../../src/cache/following/followed-log.ts';
import { emit, type Outlet } from '../../../../src/emitter.ts';
import type { Following } from '../../../../src/frame.ts';
import { lawful } from '../../../../src/lawful.ts';
import { listen } from '../../../../src/listen.ts';
import type { Log } from '../../../../src/log.ts';
import type { Kafka, KafkaBegin, KafkaRecord } from '../../../../src/protocol/kafka.ts';
import type { RecordBatch } from '../../../../src/protocol/kafka-batch.ts';
import type { Binding } from '../../../../src/protocol.ts';
import type { Clock } from '../../kafka/clock.ts';

type Reply = Kafka['reply'];

/** A stream that a source was asked for, in the hands of a test. */
export interface Asked {
  readonly begin: KafkaBegin;
  /** The credit that the reply has. */
  readonly balance: number;
  readonly isOpen: boolean;
  answer(ext: Reply['begin']): void;
  send(frame: Following<Reply>): void;
}

/** A binding whose every stream a test answers. */
export function fakeSource(clock: Clock): { readonly binding: Binding<Kafka>; readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const binding: Binding<Kafka> = (initial) =>
    new Observable<never>((out) => {
      const frames: Following<Reply>[] = [];
      const outlet: Outlet<Reply> = emit<Reply>(
        out as Subscriber<never>,
        { pull: (balance) => (frames[0]?.kind === 'data' && balance <= 0 ? undefined : frames.shift()) },
        clock,
      );
      listen(initial, out, {
        next(frame) {
          if (frame.kind !== 'begin') return;
          asked.push({
            begin: frame.ext,
            get balance() {
              return outlet.balance;
            },
            get isOpen() {
              return !out.closed;
            },
            answer: (ext) => outlet.begin(ext),
            send(sent) {
              frames.push(sent);
              outlet.wake();
            },
          });
        },
        complete() {},
      });
    }).pipe(lawful('source'));
  return { binding, asked };
}

/** A log that notes what is written to it; writes wait for `settle` if it is `held`. */
export class FakeLog implements FollowedLog {
  readonly partition: number;
  end = 0n;
  lastEpoch = -1;
  levelAt = 0;
  standing: Standing | undefined;
  isLevel = false;
  isTruncatable = true;
  held = false;
  failing: unknown;
  source: FollowedLog['source'];
  readonly done: string[] = [];
  readonly log: Log<KafkaRecord>;
  readonly changes = new Subject<void>();
  #settle = new Subject<void>();

  constructor(partition = 0) {
    this.partition = partition;
    const fake = this;
    this.log = {
      topic: 't',
      topicId: '',
      partition,
      changes: this.changes,
      index: undefined,
      seen: { generation: 0, tombstones: 0n },
      get offsets() {
        const { end, isLevel, standing } = fake;
        return { logStart: standing?.logStart ?? 0n, lastStableOffset: end, highWatermark: end, isLevel };
      },
      peek: () => undefined,
      load: () => NEVER,
      current: () => undefined,
      find: () => NEVER,
      missed: () => undefined,
      hold: () => undefined,
    } as unknown as Log<KafkaRecord>;
  }

  get state() {
    return { end: this.end, lastEpoch: this.lastEpoch, levelAt: this.levelAt, source: this.standing };
  }

  settle(): void {
    const settled = this.#settle;
    this.#settle = new Subject();
    settled.complete();
  }

  begin(at: bigint, source: Standing, reason?: string): Observable<void> {
    return this.#write(reason === undefined ? `begin ${at}` : `begin ${at} ${reason}`, () => {
      this.standing = source;
      this.end = at;
      this.lastEpoch = -1;
    });
  }

  append(batches: readonly RecordBatch[], seen: Standing & { isLevel: boolean; time: number }): Observable<void> {
    const { isLevel, time, ...standing } = seen;
    const what =
      batches.length === 0 ? `stand ${seen.highWatermark}` : `append ${batches.map((one) => one.baseOffset)}`;
    return this.#write(what, () => {
      const last = batches.at(-1);
      if (last !== undefined) {
        this.end = last.lastOffset + 1n;
        this.lastEpoch = last.leaderEpoch;
      }
      this.standing = standing;
      this.isLevel = isLevel;
      if (isLevel) this.levelAt = time;
    });
  }

  lost(): void {
    this.isLevel = false;
  }

  trim(logStart: bigint): Observable<void> {
    return this.#write(`trim ${logStart}`, () => {});
  }

  truncate(to: bigint): Observable<boolean> {
    return this.#write(`truncate ${to}`, () => {
      if (this.isTruncatable) this.end = to;
    }).pipe(endWith(this.isTruncatable)) as Observable<boolean>;
  }

  #write(what: string, apply: () => void): Observable<void> {
    return defer(() => {
      const { failing } = this;
      this.failing = undefined;
      if (failing !== undefined) throw failing;
      const settled = this.held ? this.#settle : EMPTY;
      return new Observable<void>((out) => {
        listen(settled, out, {
          next() {},
          complete: () => {
            this.done.push(what);
            apply();
            this.changes.next();
            out.complete();
          },
        });
      });
    });
  }
}

/** The logs of a topic, in memory. */
export class FakeLogs implements FollowedLogs {
  remembered: Remembered | undefined;
  patience = Number.POSITIVE_INFINITY;
  isCompacted = false;
  readonly logs = new Map<number, FakeLog>();

  remember(topic: Remembered): Observable<void> {
    this.remembered = topic;
    this.isCompacted = topic.configs?.['cleanup.policy'] === 'compact';
    return EMPTY;
  }

  partition(partition: number): Observable<FakeLog> {
    return of(this.at(partition));
  }

  at(partition: number): FakeLog {
    const known = this.logs.get(partition) ?? new FakeLog(partition);
    this.logs.set(partition, known);
    return known;
  }
}

/** A batch of one record of 100 bytes. */
export const batchAt = (baseOffset: bigint, leaderEpoch = 3): RecordBatch => ({
  baseOffset,
  lastOffset: baseOffset,
  leaderEpoch,
  producerId: -1n,
  producerEpoch: -1,
  baseSequence: -1,
  isTransactional: false,
  isControl: false,
  compression: 0,
  baseTimestamp: 0n,
  maxTimestamp: 0n,
  isLogAppendTime: false,
  count: 1,
  bytes: new Uint8Array(100),
});
