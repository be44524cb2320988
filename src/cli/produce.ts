import { createReadStream } from 'node:fs';
import { catchError, finalize, lastValueFrom, Observable, of } from 'rxjs';
import { emitter } from '../emitter.ts';
import { type Data, end, type Following, type Frame } from '../frame.ts';
import { listen } from '../listen.ts';
import { cut } from '../payload.ts';
import type { Acks, Fragment, Kafka } from '../protocol/kafka.ts';
import type { HeaderOption } from './arguments.ts';
import { type Input, Lines, type Template, Whole } from './input.ts';
import { exitCodes, type Io } from './io.ts';
import { load } from './load.ts';
import { logTo, tell } from './log.ts';
import { type Progress, progressOn } from './progress.ts';
import { failure, inALine, kafkaBinding, signals, type TopicOptions, UNEXPLAINED } from './topic.ts';

export interface ProduceOptions extends TopicOptions {
  /** What stands between key and value; without it, records have no key. */
  readonly keySeparator?: Buffer;
  /** The headers of every record. */
  readonly header?: readonly HeaderOption[];
  readonly partition?: number;
  readonly acks?: Acks;
  /** The path of the one value to send, in place of the lines of standard input. */
  readonly file?: string;
}

/** Sends records to a topic; answers the exit code once each is answered. */
export async function produce(config: string, options: ProduceOptions, io: Io): Promise<number> {
  const { bindings = {} } = options;
  const graph = await load(config, io, { bindings, onEvent: (event) => tell(log, event) });
  const binding = kafkaBinding(graph, options.binding);
  const progress = progressOn(io);
  const log = logTo(progress);
  const sending = new Sending(options, io);
  return lastValueFrom(
    answered(binding(sending.frames), sending, progress, io).pipe(
      catchError((thrown) => of(failure(thrown, progress))),
      finalize(() => progress.stop()),
    ),
  );
}

/** The initial lane: what the input has, cut to the credit there is, and END when there is no more of it. */
class Sending {
  readonly frames: Observable<Frame<Kafka['initial']>>;
  /** How many records were begun. */
  records = 0;
  /** Why the input ended before its time. */
  failed: unknown;
  /** Takes no more records. */
  stop = (): void => {};
  #waiting: Data<Fragment> | undefined;

  constructor({ topic, acks, file, header = [], partition, keySeparator }: ProduceOptions, io: Io) {
    const template: Template = { headers: header, ...(partition !== undefined && { partition }) };
    const ext = {
      api: 'merged',
      capabilities: 'produce',
      topic,
      from: { default: 'latest' },
      ...(acks !== undefined && { acks }),
    } as const;
    this.frames = emitter<Kafka['initial']>(ext, (wake, out) => {
      const input =
        file === undefined
          ? new Lines(io.stdin, template, keySeparator, wake)
          : new Whole(createReadStream(file), template, wake);
      out.add(() => input.close());
      this.stop = () => {
        input.stop();
        wake();
      };
      return { pull: (balance) => this.#pull(input, balance) };
    });
  }

  #pull(input: Input, balance: number): Following<Kafka['initial']> | undefined {
    if (this.#waiting === undefined) {
      const next = this.#next(input);
      if (next === undefined) return undefined;
      if (next === 'end') return end();
      if (next.payload.opens !== undefined) this.records += 1;
      this.#waiting = next;
    }
    const frame = this.#waiting;
    if (balance <= 0) return undefined;
    const [head, rest] = cut(frame, balance) ?? [frame, undefined];
    this.#waiting = rest;
    return head;
  }

  #next(input: Input): Data<Fragment> | 'end' | undefined {
    try {
      return input.next();
    } catch (thrown) {
      // What was sent is answered all the same.
      this.failed = thrown;
      return 'end';
    }
  }
}

/** Counts the answers and tells of refusals; emits the exit code once the reply is over. */
const answered = (
  reply: Observable<Frame<Kafka['reply']>>,
  sending: Sending,
  progress: Progress,
  io: Io,
): Observable<number> =>
  new Observable((out) => {
    let [acknowledged, refused, stopping] = [0, 0, false];
    const summarise = (): void => {
      const unknown = sending.records - acknowledged - refused;
      const parts = [
        `${acknowledged} records acknowledged`,
        ...(refused > 0 ? [`${refused} refused`] : []),
        ...(unknown > 0 ? [`${unknown} unknown`] : []),
      ];
      progress.err(`${parts.join(', ')}\n`);
    };
    const finish = (fault?: unknown): void => {
      const reason = fault ?? sending.failed;
      if (reason !== undefined) failure(reason, progress);
      summarise();
      out.next(reason === undefined && refused === 0 ? exitCodes.ok : exitCodes.failed);
      out.complete();
    };
    listen(signals(io), out, {
      next() {
        if (stopping) return io.exit(exitCodes.failed);
        stopping = true;
        sending.stop();
      },
    });
    listen(reply, out, {
      next(frame) {
        switch (frame.kind) {
          case 'flush':
            if (!('answer' in frame.ext)) return;
            progress.add(1);
            if (frame.ext.answer === 'produced') acknowledged += 1;
            else {
              refused += 1;
              progress.err(`line ${frame.ext.record + 1}: ${inALine(frame.ext.fault)}\n`);
            }
            return;
          case 'end':
            return finish();
          case 'abort':
            return finish(frame.ext ?? UNEXPLAINED);
        }
      },
    });
  });
