import { crc32c } from '@node-rs/crc32';
import { Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import type { ControlSink } from '../../../src/control.ts';
import { abort, begin, data, end, type Frame, flush } from '../../../src/frame.ts';
import { lawful, window } from '../../../src/index.ts';
import type { Acks, Description, Kafka, KafkaFault, Meta, ProducedRecord } from '../../../src/protocol/kafka.ts';
import type { Binding } from '../../../src/protocol.ts';

type Reply = Frame<Kafka['reply']>;

/** A record that came to the exit whole. */
export interface Handed {
  readonly partition: number;
  readonly value: string;
  readonly acks: Acks | undefined;
  readonly opens: ProducedRecord;
  /** Of how many fragments. */
  readonly fragments: number;
  readonly cost: number;
}

/** One lane that came to it. */
interface Lane {
  readonly partition: number;
  readonly out: Subscriber<Reply>;
  readonly control: ControlSink;
  readonly waiting: Handed[];
  answered: number;
  hasEnded: boolean;
  isDue: boolean;
}

/** What stands for a broker: takes the lanes of partitions, and answers records a while after they came. */
export class FakeExit {
  readonly handed: Handed[] = [];
  readonly begun: string[] = [];
  /** Partitions that take what there is credit for, and answer nothing. */
  readonly stuck = new Set<number>();
  /** Whether a record gets an error of its own. */
  refuses: (handed: Handed) => boolean = () => false;
  /** What it says that a record may have. */
  limit = 1_000;
  readonly lanes = new Set<Lane>();
  /** Whether a lane was ever aborted. */
  hasFailed = false;
  readonly #logs = new Map<number, Handed[]>();
  readonly #options: { partitions: number; window: number; latency: number };
  readonly #scheduler: SchedulerLike;

  constructor(scheduler: SchedulerLike, { partitions = 1, window = 1_000, latency = 1 } = {}) {
    this.#scheduler = scheduler;
    this.#options = { partitions, window, latency };
  }

  /** What was written, by offset. */
  log(partition: number): Handed[] {
    const log = this.#logs.get(partition) ?? [];
    this.#logs.set(partition, log);
    return log;
  }

  /** Lets a partition go on. */
  release(partition: number): void {
    this.stuck.delete(partition);
    for (const lane of this.lanes) if (lane.partition === partition) this.#soon(lane);
  }

  /** Fails the lanes of a partition. */
  abort(partition: number, fault: KafkaFault): void {
    for (const lane of [...this.lanes].filter((one) => one.partition === partition)) {
      this.hasFailed = true;
      this.#end(lane, abort(fault));
    }
  }

  readonly binding: Binding<Kafka> = (initial) =>
    new Observable<Reply>((out) => {
      let lane: Lane | undefined;
      let parts: { opens: ProducedRecord; body: Uint8Array[]; cost: number; fragments: number } | undefined;
      const subscription = initial.pipe(lawful('the exit')).subscribe({
        next: (frame) => {
          if (frame.kind === 'begin') lane = this.#begin(out, frame.ext, frame.control);
          else if (frame.kind === 'data') {
            const { opens, body, last } = frame.payload;
            if ((opens === undefined) === (parts === undefined)) throw new Error('records are mixed');
            parts ??= { opens: opens as ProducedRecord, body: [], cost: 0, fragments: 0 };
            parts.body.push(body);
            parts.cost = frame.reserved;
            parts.fragments += 1;
            // A record that is not whole would never be answered, so what it holds is lent.
            if (!last) lane?.control(window(frame.reserved));
            if (last) this.#take(lane as Lane, parts);
            if (last) parts = undefined;
          } else if (frame.kind === 'end') {
            if (parts !== undefined) throw new Error('a lane ended within a record');
            (lane as Lane).hasEnded = true;
            this.#soon(lane as Lane);
          }
        },
        error: (defect) => out.error(defect),
      });
      out.add(subscription);
      out.add(() => lane !== undefined && this.lanes.delete(lane));
    });

  #begin(out: Subscriber<Reply>, ext: Kafka['initial']['begin'], control: ControlSink): Lane | undefined {
    this.begun.push(ext.api === 'produce' ? `produce ${ext.partition}` : ext.api);
    const told = (state: Meta | Description): undefined => {
      out.next(begin({ api: ext.api as 'meta' | 'describe' }, () => {}));
      out.add(this.#scheduler.schedule(() => out.next(data(state, 8)), this.#options.latency));
    };
    if (ext.api === 'meta') {
      const partitions = Array.from({ length: this.#options.partitions }, (_, partition) => ({ partition, leader: 1 }));
      return told({ topicId: 'id', partitions });
    }
    if (ext.api === 'describe') return told({ configs: { 'max.message.bytes': `${this.limit}` } });
    if (ext.api !== 'produce') throw new Error(`a fake exit was asked for ${ext.api}`);
    const lane: Lane = {
      partition: ext.partition,
      out,
      control,
      waiting: [],
      answered: 0,
      hasEnded: false,
      isDue: false,
    };
    this.lanes.add(lane);
    out.next(begin({ api: 'produce' } as const, () => {}));
    control(window(this.#options.window));
    return lane;
  }

  #take(lane: Lane, parts: { opens: ProducedRecord; body: Uint8Array[]; cost: number; fragments: number }): void {
    const { opens, cost, fragments } = parts;
    const bytes = opens.body === undefined ? Buffer.concat(parts.body) : bodyOf(opens.body);
    if (opens.length !== bytes.length) throw new Error(`${bytes.length} bytes are not of length ${opens.length}`);
    const { partition } = lane;
    const handed = { partition, value: `${bytes}`, acks: opens.acks, opens, fragments, cost };
    this.handed.push(handed);
    lane.waiting.push(handed);
    this.#soon(lane);
  }

  #soon(lane: Lane): void {
    if (lane.isDue) return;
    lane.isDue = true;
    lane.out.add(this.#scheduler.schedule(() => this.#answer(lane), this.#options.latency));
  }

  #answer(lane: Lane): void {
    const { partition, waiting, out } = lane;
    lane.isDue = false;
    if (this.stuck.has(partition) || out.closed) return;
    const handed = waiting.shift();
    if (handed === undefined) return lane.hasEnded ? this.#end(lane, end()) : undefined;
    const record = lane.answered;
    lane.answered += 1;
    lane.control(window(handed.cost));
    if (this.refuses(handed)) {
      out.next(flush({ answer: 'refused', record, fault: { code: 'KAFKA_ERROR', message: handed.value } }));
    } else {
      this.log(partition).push(handed);
      const offset = BigInt(this.log(partition).length - 1);
      out.next(flush({ answer: 'produced', record, partition, offset, timestamp: 0n }));
    }
    if (waiting.length > 0 || lane.hasEnded) this.#soon(lane);
  }

  #end(lane: Lane, frame: Reply): void {
    this.lanes.delete(lane);
    lane.out.next(frame);
    lane.out.complete();
  }
}

/** Reads a body twice, in pieces of 7 bytes; it is the same each time, and what its checksum says. */
function bodyOf(body: NonNullable<ProducedRecord['body']>): Buffer {
  const [first, second] = [readAll(body), readAll(body)];
  if (!first.equals(second) || crc32c(first) !== body.crc32c) throw new Error('a body changed');
  return first;
}

function readAll({ length, read }: NonNullable<ProducedRecord['body']>): Buffer {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < length; at += 7) read(at, Math.min(length, at + 7)).subscribe((piece) => pieces.push(piece));
  return Buffer.concat(pieces);
}
