import { lastValueFrom } from 'rxjs';
import { clear } from '../cache/offline/clear.ts';
import { repair } from '../cache/offline/repair.ts';
import { type PartitionSurvey, type Survey, survey, type TopicSurvey } from '../cache/offline/survey.ts';
import { type Finding, verify } from '../cache/offline/verify.ts';
import { SluiceError } from '../errors.ts';
import { exitCodes, type Io } from './io.ts';
import { table } from './table.ts';
import { failure } from './topic.ts';

export interface CacheCommandOptions {
  /** Whether a machine reads it. */
  readonly json?: boolean;
}

/** Lists the topics of a cache. */
export const ls = (dir: string, options: CacheCommandOptions, io: Io): Promise<number> =>
  told(io, async () => {
    const found = await lastValueFrom(survey(dir));
    const topics = found.topics.map((topic) => summary(topic));
    if (options.json === true) return json(io, { path: found.path, kind: found.kind, topics });
    const rows = topics.map(({ topic, partitions, records, bytes, keys }) => [
      topic,
      partitions,
      records,
      bytes,
      keys ?? '',
    ]);
    io.out(table(['TOPIC', 'PARTITIONS', 'RECORDS', 'BYTES', 'KEYS'], rows));
    return exitCodes.ok;
  });

const summary = ({ topic, partitions }: TopicSurvey) => {
  const sum = (of: (partition: PartitionSurvey) => number): number => partitions.reduce((all, one) => all + of(one), 0);
  const isCompacted = partitions.some(({ keys }) => keys !== undefined);
  return {
    topic,
    partitions: partitions.length,
    records: sum(({ records }) => records),
    bytes: sum(({ bytes }) => bytes),
    ...(isCompacted && { keys: sum(({ keys = 0 }) => keys) }),
  };
};

export interface InspectOptions extends CacheCommandOptions {
  /** The one topic to show; all by default. */
  readonly topic?: string;
}

/** Shows where each partition of a cache stands. */
export const inspect = (dir: string, { topic, ...options }: InspectOptions, io: Io): Promise<number> =>
  told(io, async () => {
    const found = await lastValueFrom(survey(dir));
    const topics = found.topics.filter((one) => topic === undefined || one.topic === topic);
    if (topic !== undefined && topics.length === 0)
      throw new SluiceError('CACHE_OPEN', `${dir} has no topic ${topic}${others(found)}`);
    if (options.json === true) return json(io, { ...found, topics });
    const rows = topics.flatMap(({ topic, partitions }) => partitions.map((partition) => rowOf(topic, partition)));
    io.out(
      table(['TOPIC', 'PARTITION', 'START', 'STABLE', 'END', 'RECORDS', 'BYTES', 'KEYS', 'DIRTY', 'LEVEL AT'], rows),
    );
    return exitCodes.ok;
  });

const others = ({ topics }: Survey): string =>
  topics.length === 0 ? '' : `; there is ${topics.map(({ topic }) => topic).join(', ')}`;

const rowOf = (topic: string, { partition, ...one }: PartitionSurvey): (string | number)[] => [
  ...[topic, partition, `${one.logStart}`, `${one.lastStableOffset}`, `${one.end}`, one.records, one.bytes],
  one.keys ?? '',
  one.dirtyRatio === undefined ? '' : `${Math.round(100 * one.dirtyRatio)}%`,
  one.levelAt === undefined ? '' : new Date(one.levelAt).toISOString(),
];

/** Looks at every checksum of a cache; answers whether all are right. */
export const verifyCache = (dir: string, options: CacheCommandOptions, io: Io): Promise<number> =>
  told(io, async () => {
    const found = await lastValueFrom(verify(dir));
    const code = found.findings.length === 0 ? exitCodes.ok : exitCodes.failed;
    if (options.json === true) return json(io, { path: dir, ...found }, code);
    for (const finding of found.findings) io.out(`${lineOf(finding)}\n`);
    const { topics, partitions, batches, bytes } = found;
    const what = `${topics} topics, ${partitions} partitions, ${batches} batches, ${bytes} bytes`;
    io.out(`${what}: ${code === exitCodes.ok ? 'all as it was written' : `${found.findings.length} found`}\n`);
    return code;
  });

/** Makes of an embedded log that does not open one that does. */
export const repairCache = (dir: string, options: CacheCommandOptions, io: Io): Promise<number> =>
  told(io, async () => {
    const repaired = await lastValueFrom(repair(dir));
    if (options.json === true) return json(io, { path: dir, ...repaired });
    for (const what of repaired.done) io.out(`${what}\n`);
    for (const finding of repaired.lost) io.out(`lost: ${lineOf(finding)}\n`);
    if (repaired.done.length === 0) io.out('nothing was to be repaired\n');
    return exitCodes.ok;
  });

const lineOf = ({ place, what, from, to }: Finding): string =>
  `${place}: ${from === undefined ? '' : `offsets ${from} to ${to}: `}${what}`;

export interface ClearOptions extends CacheCommandOptions {
  readonly embedded?: boolean;
}

/** Removes what a cache holds. */
export const clearCache = (dir: string, { embedded = false, json: asJson }: ClearOptions, io: Io): Promise<number> =>
  told(io, async () => {
    await lastValueFrom(clear(dir, { isEmbedded: embedded }));
    if (asJson === true) return json(io, { path: dir, cleared: true });
    io.out(`${dir} is empty\n`);
    return exitCodes.ok;
  });

/** Tells what a command fails with; answers the exit code. */
async function told(io: Io, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (thrown) {
    return failure(thrown, io);
  }
}

/** Offsets are numbers, or strings of digits where a number would not be exact. */
function json(io: Io, value: unknown, code: number = exitCodes.ok): number {
  const exact = (_: string, one: unknown): unknown => {
    if (typeof one !== 'bigint') return one;
    return one <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(one) : `${one}`;
  };
  io.out(`${JSON.stringify(value, exact)}\n`);
  return code;
}
