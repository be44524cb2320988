import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Bytes, NewMessageOpening, ProduceAnswer, Producer } from '../../graphs/index.ts';
import { SluiceError } from '../errors.ts';
import type { Acks } from '../protocol/kafka.ts';
import type { HeaderOption } from './arguments.ts';
import { chunksOf, linesOf } from './input.ts';
import { exitCodes, type Io } from './io.ts';
import { load } from './load.ts';
import { logTo, tell } from './log.ts';
import { type Progress, progressOn } from './progress.ts';
import { compiling, failure, lineOf, signals, type TopicOptions } from './topic.ts';

export interface ProduceOptions extends TopicOptions {
  /** What stands between key and value; without it, records have no key. */
  readonly keySeparator?: Buffer;
  /** Whether an empty key or value is none, so that a key without a value is a tombstone. */
  readonly emptyAsNull?: boolean;
  /** The headers of every record. */
  readonly header?: readonly HeaderOption[];
  readonly partition?: number;
  readonly acks?: Acks;
  /** The path of the one value to send, in place of the lines of standard input. */
  readonly file?: string;
}

/** Sends records to a topic; answers the exit code once each is answered. */
export async function produce(config: string, options: ProduceOptions, io: Io): Promise<number> {
  const { topic, acks } = options;
  const graph = await load(config, io, { ...compiling(options), onEvent: (event) => tell(log, event) });
  const producer = graph.produce(options.binding, { topic, ...(acks !== undefined && { acks }) });
  const progress = progressOn(io);
  const log = logTo(progress);
  const sending = new Sending(producer, progress, io);
  try {
    return await sending.send(options);
  } finally {
    progress.stop();
  }
}

type Topic = Producer<Bytes | null, Bytes | null>;

/** The records of one command, and what became of them. */
class Sending {
  readonly #producer: Topic;
  readonly #progress: Progress;
  readonly #io: Io;
  #sent = 0;
  #acknowledged = 0;
  #refused = 0;
  #unknown = 0;
  #isStopping = false;
  #isFailed = false;

  constructor(producer: Topic, progress: Progress, io: Io) {
    this.#producer = producer;
    this.#progress = progress;
    this.#io = io;
  }

  async send({ file, ...options }: ProduceOptions): Promise<number> {
    const asked = signals(this.#io).subscribe((signal) => this.#signalled(signal));
    const told = this.#producer.answers.subscribe((answer) => this.#answered(answer));
    try {
      if (file === undefined) await this.#lines(options);
      else await this.#file(file, openingOf(options));
    } catch (thrown) {
      // What was sent is answered all the same.
      if (!this.#isStopping) this.#fail(thrown);
    }
    // What became of each record is told already.
    await this.#producer.close().catch(() => {});
    asked.unsubscribe();
    told.unsubscribe();
    this.#summarise();
    return this.#isFailed ? exitCodes.failed : exitCodes.ok;
  }

  async #lines(options: ProduceOptions): Promise<void> {
    const { headers, partition } = openingOf(options);
    for await (const lines of linesOf(this.#io.stdin)) {
      for (const text of lines) {
        const { key, value } = partsOf(text, this.#sent + 1, options);
        this.#sent += 1;
        if (!this.#producer.next({ key, value, headers, partition })) await this.#producer.ready();
        if (this.#isStopping) return;
      }
    }
  }

  async #file(path: string, opening: NewMessageOpening<null>): Promise<void> {
    const record = this.#producer.open(opening);
    this.#sent = 1;
    try {
      await pipeline(chunksOf(createReadStream(path)), record);
      this.#acknowledged += 1;
      this.#progress.add(1);
    } catch (thrown) {
      if (record.isRefused) this.#refused += 1;
      else if (!(thrown instanceof SluiceError && thrown.code === 'CLI_INPUT')) this.#unknown += 1;
      throw thrown;
    }
  }

  #answered(answer: ProduceAnswer): void {
    if (answer.answer === 'produced') this.#acknowledged += 1;
    else if (answer.answer === 'refused') {
      this.#refused += 1;
      this.#isFailed = true;
      this.#progress.err(`line ${answer.record + 1}: ${lineOf(answer.error)}\n`);
    } else {
      this.#unknown += 1;
      // They all fail for one reason.
      if (this.#unknown === 1) this.#fail(answer.error);
      return this.#stop();
    }
    this.#progress.add(1);
  }

  #signalled(signal: string): void {
    const waiting = this.#sent - this.#acknowledged - this.#refused - this.#unknown;
    if (this.#isStopping) {
      this.#summarise(waiting);
      return this.#io.exit(exitCodes.failed);
    }
    this.#stop();
    if (waiting > 0)
      this.#progress.err(`${signal}: no more are read, ${waiting} wait for their answers; once more to stop at once\n`);
  }

  /** Takes no more records. */
  #stop(): void {
    this.#isStopping = true;
    this.#io.stdin.destroy();
  }

  #fail(thrown: unknown): void {
    this.#isFailed = true;
    failure(thrown, this.#progress);
  }

  #summarise(waiting = 0): void {
    const unknown = this.#unknown + waiting;
    const parts = [
      `${this.#acknowledged} ${this.#acknowledged === 1 ? 'record' : 'records'} acknowledged`,
      ...(this.#refused > 0 ? [`${this.#refused} refused`] : []),
      ...(unknown > 0 ? [`${unknown} unknown`] : []),
    ];
    this.#progress.err(`${parts.join(', ')}\n`);
  }
}

const openingOf = ({ header = [], partition }: ProduceOptions): NewMessageOpening<null> => ({
  headers: header,
  partition,
});

/** The key and the value of a line. @throws SluiceError CLI_INPUT */
function partsOf(
  text: Buffer,
  line: number,
  { keySeparator, emptyAsNull = false }: Omit<ProduceOptions, 'file'>,
): { readonly key?: Buffer | null; readonly value: Buffer | null } {
  const part = (bytes: Buffer): Buffer | null => (emptyAsNull && bytes.length === 0 ? null : bytes);
  if (keySeparator === undefined) return { value: part(text) };
  const at = text.indexOf(keySeparator);
  if (at < 0) throw new SluiceError('CLI_INPUT', `line ${line} has no key separator`);
  return { key: part(text.subarray(0, at)), value: part(text.subarray(at + keySeparator.length)) };
}
