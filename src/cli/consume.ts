import { catchError, concat, finalize, lastValueFrom, of } from 'rxjs';
import { emitter } from '../emitter.ts';
import type { Condition, From, Isolation, Kafka, KafkaBegin, KafkaReplyBegin } from '../protocol/kafka.ts';
import type { HeaderOption } from './arguments.ts';
import { exitCodes, type Io } from './io.ts';
import { load } from './load.ts';
import { logTo, tell } from './log.ts';
import { print } from './print.ts';
import { progressOn } from './progress.ts';
import { asJson, asText } from './render.ts';
import { compiling, endedBySignal, failure, flushed, type TopicOptions } from './topic.ts';

export interface ConsumeOptions extends TopicOptions {
  readonly from: From;
  readonly until?: 'latest';
  /** The one partition to read; all of them by default. */
  readonly partition?: number;
  /** What a record must have to be printed; all of it. */
  readonly key?: string;
  readonly header?: readonly HeaderOption[];
  /** How many records are enough. */
  readonly limit?: number;
  readonly isolation?: Isolation;
  readonly json?: boolean;
}

/** Prints the records of a topic; answers the exit code once there are no more, or a signal ended it. */
export async function consume(file: string, options: ConsumeOptions, io: Io): Promise<number> {
  const graph = await load(file, io, { ...compiling(options), onEvent: (event) => tell(log, event) });
  const binding = graph.kafka(options.binding);
  const progress = progressOn(io);
  const log = logTo(progress);
  const initial = emitter<Kafka['initial']>(beginOf(options), () => ({ pull: () => undefined }));
  const printed = print(binding(initial).pipe(endedBySignal(io)), {
    to: io.stdout,
    render: options.json === true ? asJson(options.topic) : asText,
    limit: options.limit ?? Number.POSITIVE_INFINITY,
    onBegin: (begin) => options.until === 'latest' && progress.expect(ahead(begin)),
    onRecords: (count) => progress.add(count),
    onGap: ({ partition, from, to, reason }) =>
      progress.err(`gap: ${options.topic}/${partition} has no offsets ${from} to ${to - 1n}: ${reason}\n`),
  });
  return lastValueFrom(
    concat(printed, flushed(io.stdout), of(exitCodes.ok)).pipe(
      catchError((thrown) => of(failure(thrown, progress))),
      finalize(() => progress.stop()),
    ),
  );
}

function beginOf({ topic, partition, from, until, key, header = [], isolation }: ConsumeOptions): KafkaBegin {
  const conditions: Condition[] = [
    ...(key === undefined ? [] : [{ key: Buffer.from(key) }]),
    ...header.map((each) => ({ header: each })),
  ];
  const reading = {
    topic,
    ...(until !== undefined && { until }),
    ...(conditions.length > 0 && { filters: [conditions] }),
    ...(isolation !== undefined && { isolation }),
  };
  return partition === undefined
    ? { api: 'merged', capabilities: 'fetch', from: { default: from }, ...reading }
    : { api: 'fetch', partition, from, ...reading };
}

/** How many offsets there are from where a stream begins to where its partitions end now. */
function ahead(begin: KafkaReplyBegin): number {
  const partitions = begin.api === 'merged' ? begin.partitions : begin.api === 'fetch' ? [begin] : [];
  return partitions.reduce((sum, { offset, highWatermark }) => sum + Math.max(0, Number(highWatermark - offset)), 0);
}
