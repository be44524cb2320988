import { defer, EMPTY, NEVER, Observable, of, type SchedulerLike, Subject, type Subscriber } from 'rxjs';
import type { FollowedLog, FollowedLogs, Remembered, Standing } from '../../../../src/cache/following/followed-log.ts';
import { emit, type Outlet } from '../../../../src/emitter.ts';
import type { Following } from '../../../../src/frame.ts';
import { lawful } from '../../../../src/lawful.ts';
import { listen } from '../../../../src/listen.ts';
import type { Kafka, KafkaBegin } from '../../../../src/protocol/kafka.ts';
import type { RecordBatch } from '../../../../src/protocol/kafka-batch.ts';
import type { Binding } from '../../../../src/protocol.ts';

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
export function fakeSource(clock: SchedulerLike): { readonly binding: Binding<Kafka>; readonly asked: Asked[] } {
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

/** A log that notes what is written to it; writes wait for `settle` if they are `held`. */
export class FakeLog implements FollowedLog {
  readonly topic = 't';
  readonly partition: number;
  topicId = '';
  source: FollowedLog['source'];
  next: bigint | undefined;
  logStart = 0n;
  lastEpoch = -1;
  begunAt: number | undefined;
  levelAt: number | undefined;
  standing: Standing | undefined;
  isLevel = false;
  held = false;
  /** Whether it begins anew when it is cut. */
  isCompacted = false;
  failing: unknown;
  readonly done: string[] = [];
  readonly changes = new Subject<void>();
  readonly index = undefined;
  readonly cleaned = 0n;
  readonly seen = { generation: 0, tombstones: 0n };
  #settle = new Subject<void>();

  constructor(partition = 0) {
    this.partition = partition;
  }

  get offsets() {
    const end = this.next ?? 0n;
    return {
      isBegun: this.next !== undefined,
      logStart: this.logStart,
      lastStableOffset: end,
      highWatermark: end,
      isLevel: this.isLevel,
    };
  }

  settle(): void {
    const settled = this.#settle;
    this.#settle = new Subject();
    settled.complete();
  }

  append(batches: readonly RecordBatch[]): Observable<void> {
    return this.#write(`append ${batches.map(({ baseOffset }) => baseOffset)}`, () => {
      const last = batches.at(-1) as RecordBatch;
      this.next = last.lastOffset + 1n;
      this.lastEpoch = last.leaderEpoch;
    });
  }

  begin(offset: bigint): Observable<void> {
    return this.#write(`begin ${offset}`, () => {
      this.next = offset;
    });
  }

  pass(offset: bigint): Observable<void> {
    return this.#write(`pass ${offset}`, () => {
      this.next = offset;
    });
  }

  lose(offset: bigint): Observable<void> {
    return this.#write(`lose ${offset}`, () => {
      this.next = offset;
    });
  }

  stand(standing: Standing, time: number): Observable<void> {
    return this.#write(`stand ${standing.highWatermark}`, () => {
      this.standing = standing;
      this.isLevel = this.next === standing.highWatermark;
      if (this.isLevel) this.levelAt = time;
    });
  }

  expect(end: bigint): void {
    this.done.push(`expect ${end}`);
  }

  unlevel(): void {
    this.isLevel = false;
  }

  truncate(offset: bigint): Observable<void> {
    return this.#write(`truncate ${offset}`, () => {
      this.next = this.isCompacted ? undefined : offset;
    });
  }

  restart(reason: string, topicId?: string): Observable<void> {
    return this.#write([`restart ${reason}`, topicId].join(' ').trimEnd(), () => {
      this.next = undefined;
      this.logStart = 0n;
      this.lastEpoch = -1;
    });
  }

  peek = (): undefined => undefined;
  load = (): Observable<never> => NEVER;
  current = (): undefined => undefined;
  find = (): Observable<bigint> => of(0n);
  missed = (): undefined => undefined;
  hold = (): undefined => undefined;

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

  /** What the next write fails with. */
  failing: unknown;

  remember(topic: Remembered): Observable<void> {
    return defer(() => {
      const { failing } = this;
      this.failing = undefined;
      if (failing !== undefined) throw failing;
      this.remembered = topic;
      this.isCompacted = topic.configs?.['cleanup.policy'] === 'compact';
      return EMPTY;
    });
  }

  partition(partition: number): FakeLog {
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
