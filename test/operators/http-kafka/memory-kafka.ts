import { type ControlSink, window } from '../../../src/control.ts';
import { type Data, end, type Following, flush } from '../../../src/frame.ts';
import type {
  Fragment,
  From,
  Header,
  Kafka,
  KafkaAnswer,
  KafkaBegin,
  KafkaFault,
  KafkaRecord,
  ProducedRecord,
} from '../../../src/protocol/kafka.ts';
import { KafkaError } from '../../../src/protocol/kafka-error.ts';
import { matcherOf } from '../../../src/protocol/kafka-filters.ts';
import { type Answering, answer, type Stream } from '../../../src/protocol/kafka-stream.ts';
import { records } from '../../../src/run.ts';
import { eventLoop } from '../../../src/scheduler.ts';

type Merged = Extract<KafkaBegin, { api: 'merged' }>;

/** A record that was produced, whole. */
export interface Written extends ProducedRecord {
  readonly topic: string;
  readonly by: string | undefined;
  readonly value: string | null;
}

/** Topics of one partition in memory, behind the frames of a kafka binding. */
export class MemoryKafka {
  readonly written: Written[] = [];
  /** What is open. */
  readonly open: Merged[] = [];
  /** What has ever been opened. */
  readonly opened: Merged[] = [];
  /** The credit of a lane that produces; it comes back when a record is answered, unless `stalls`. */
  window = 1 << 16;
  stalls = false;
  /** Whether streams that are opened do not begin. */
  silent = false;
  /** What a record is refused with. */
  refuses: KafkaFault | undefined;
  readonly #topics = new Map<string, KafkaRecord[]>();
  readonly #readers = new Set<() => void>();

  constructor(...topics: string[]) {
    for (const topic of topics) this.#topics.set(topic, []);
  }

  readonly binding = answer(({ ext, control }, stream) => {
    if (ext.api !== 'merged') throw new KafkaError('KAFKA_ERROR', `no ${ext.api}`);
    this.opened.push(ext);
    this.open.push(ext);
    stream.life.add(() => this.open.splice(this.open.indexOf(ext), 1));
    if (this.silent) return { pull: () => undefined };
    const log = this.#topics.get(ext.topic);
    if (log === undefined) throw unknown(ext.topic);
    return ext.capabilities === 'fetch' ? this.#fetch(ext, log, stream) : this.#produce(ext, control, stream);
  }, eventLoop);

  /** Appends a record; headers as `name=value`. */
  put(
    topic: string,
    key: string | null,
    value: string | Uint8Array | null,
    headers: Readonly<Record<string, string>> = {},
    timestamp = Date.now(),
  ) {
    const log = this.#topics.get(topic) as KafkaRecord[];
    log.push({
      partition: 0,
      offset: BigInt(log.length),
      timestamp: BigInt(timestamp),
      key: key === null ? null : Buffer.from(key),
      value: typeof value === 'string' ? Buffer.from(value) : value,
      headers: Object.entries(headers).map(([name, text]): Header => ({ name, value: Buffer.from(text, 'latin1') })),
      aborted: false,
    });
    for (const wake of [...this.#readers]) wake();
  }

  #fetch({ from, filters, until }: Merged, log: KafkaRecord[], stream: Stream): Answering {
    const accepts = matcherOf(filters) ?? (() => true);
    const last = log.length;
    let at = Math.min(last, offsetOf(from?.partitions?.get(0) ?? from?.default, log));
    let isLevel = false;
    const wake = (): void => stream.wake();
    this.#readers.add(wake);
    stream.life.add(() => this.#readers.delete(wake));
    const ends = { lastStableOffset: BigInt(last), highWatermark: BigInt(last) };
    const partitions = [{ partition: 0, offset: BigInt(at), ...ends }];
    stream.begin({ api: 'merged', topicId: 'topic-id', partitions, cleanupPolicy: 'delete' });
    return {
      pull(balance): Following<Kafka['reply']> | undefined {
        for (; at < log.length && (isLevel || at < last); at += 1) {
          const record = log[at] as KafkaRecord;
          if (!accepts(record)) continue;
          if (balance <= 0) return undefined;
          at += 1;
          return records([record], ({ value }) => 1 + (value?.length ?? 0));
        }
        if (!isLevel) {
          isLevel = true;
          return flush({ mark: 'caught-up' });
        }
        return until === undefined ? undefined : end();
      },
    };
  }

  #produce({ topic, acks }: Merged, control: ControlSink, stream: Stream): Answering {
    const answers: KafkaAnswer[] = [];
    let opens: ProducedRecord | undefined;
    let body: Uint8Array[] = [];
    let held = 0;
    let isOver = false;
    stream.begin({ api: 'merged', partitions: [], cleanupPolicy: undefined });
    control(window(this.window));
    const take = ({ payload, reserved }: Data<Fragment>): void => {
      opens ??= payload.opens;
      body.push(payload.body);
      held += reserved;
      if (!payload.last || opens === undefined) {
        // A record that is larger than the window is lent more.
        if (held >= this.window && !this.stalls) {
          control(window(held));
          held = 0;
        }
        return;
      }
      const value = opens.tombstone ? null : Buffer.concat(body).toString('latin1');
      if (this.refuses === undefined) this.written.push({ ...opens, topic, by: acks, value });
      answers.push(
        this.refuses === undefined
          ? { answer: 'produced', record: 0, partition: 0, offset: 0n, timestamp: 0n }
          : { answer: 'refused', record: 0, fault: this.refuses },
      );
      body = [];
      opens = undefined;
    };
    return {
      pull() {
        const next = answers.shift();
        if (next !== undefined) return flush(next);
        return isOver ? end() : undefined;
      },
      receive(frame) {
        if (frame.kind === 'data') take(frame);
        if (frame.kind === 'end') isOver = true;
        stream.wake();
      },
    };
  }
}

const offsetOf = (from: From = 'earliest', log: readonly KafkaRecord[]): number => {
  if (from === 'latest') return log.length;
  if (from === 'earliest') return 0;
  if ('offset' in from) return Number(from.offset);
  const found = log.findIndex(({ timestamp }) => timestamp >= from.timestamp);
  return found < 0 ? log.length : found;
};

const unknown = (topic: string): KafkaError =>
  new KafkaError('KAFKA_ERROR', `no topic ${topic}`, { kafka: { code: 3, name: 'UNKNOWN_TOPIC_OR_PARTITION' } });
