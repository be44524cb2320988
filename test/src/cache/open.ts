import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom, type Observable, ReplaySubject, type Subscription } from 'rxjs';
import type { Cache } from '../../../src/cache/cache.ts';
import type { CacheEvent } from '../../../src/cache/events.ts';
import { type CacheOptions, openCache } from '../../../src/cache/open-cache.ts';
import type { Partition } from '../../../src/cache/partition.ts';
import type { Topic } from '../../../src/cache/topic.ts';
import type { Chunk, LogIsolation } from '../../../src/log/log.ts';
import type { KafkaRecord } from '../../../src/protocol/kafka.ts';

const TOPIC = 'orders';

/** A directory that is removed when the tests of a file are over. */
export function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-cache-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** What names a new directory at each call; they are removed after the tests. */
export function directories(): () => string {
  const root = temporary();
  let count = 0;
  return () => {
    count += 1;
    return join(root, `${count}`);
  };
}

/** A cache with one topic open. */
export interface Opened {
  readonly cache: Cache;
  readonly topic: Topic;
  readonly log: Partition;
  readonly events: CacheEvent[];
  close(): Promise<void>;
}

/** Opens a cache with one topic of one partition, configured as it is told, or compacted if asked for. */
export async function open(
  directory: string,
  options: Partial<CacheOptions> & {
    readonly isCompacted?: boolean;
    readonly configs?: Readonly<Record<string, string>>;
  } = {},
): Promise<Opened> {
  const events: CacheEvent[] = [];
  const { isCompacted = false, configs = { 'cleanup.policy': isCompacted ? 'compact' : 'delete' }, ...rest } = options;
  const caches = openCache(directory, { kind: 'cache', notify: (event) => events.push(event), ...rest });
  const [cache, left] = await held(caches);
  const [topic, closed] = await held(cache.topic(TOPIC)).catch(async (thrown) => {
    left.unsubscribe();
    await done(cache.closed);
    throw thrown;
  });
  await done(topic.remember({ topicId: 'id', partitions: [0], configs }));
  return {
    cache,
    topic,
    log: topic.partition(0),
    events,
    async close() {
      closed.unsubscribe();
      left.unsubscribe();
      await done(cache.closed);
    },
  };
}

/** The first value, and the subscription that holds it. */
export async function held<T>(source: Observable<T>): Promise<[T, Subscription]> {
  const values = new ReplaySubject<T>(1);
  const subscription = source.subscribe(values);
  return [await firstValueFrom(values), subscription];
}

/** Waits for the end. */
export const done = (work: Observable<unknown>): Promise<unknown> => lastValueFrom(work, { defaultValue: undefined });

/** The chunk at an offset, from memory or from the disk. */
export const chunkAt = async (
  log: Partition,
  offset: bigint,
  isolation: LogIsolation = 'read_committed',
): Promise<Chunk<KafkaRecord> | undefined> =>
  log.peek(offset, isolation) ?? (await lastValueFrom(log.load(offset, isolation), { defaultValue: undefined }));

/** All that there is to read from an offset on: `offset:key=value`, `!` in front of it for aborted, and gaps. */
export async function readAll(
  log: Partition,
  isolation: LogIsolation = 'read_committed',
  from = log.offsets.logStart,
): Promise<string[]> {
  const read: string[] = [];
  for (let at = from; ; ) {
    const chunk = await chunkAt(log, at, isolation);
    if (chunk === undefined) return read;
    if (chunk.gap !== undefined) read.push(`gap ${chunk.gap.from}-${chunk.gap.to} ${chunk.gap.reason}`);
    for (let index = 0; index < (chunk.run?.length ?? 0); index += 1) {
      const record = chunk.run!.at(index);
      if (record.offset >= at) read.push(shown(record));
    }
    if (at < chunk.from || at >= chunk.to) throw new Error(`${at} is not from ${chunk.from} to ${chunk.to}`);
    at = chunk.to;
  }
}

export const shown = ({ offset, key, value, aborted }: KafkaRecord): string =>
  `${aborted ? '!' : ''}${offset}:${key && Buffer.from(key)}=${value && Buffer.from(value)}`;

/** Begins a log whose source stands so. */
export async function begin(log: Partition, at = 0n, highWatermark = 0n): Promise<void> {
  await done(log.begin(at));
  await stand(log, highWatermark);
}

export const stand = (log: Partition, highWatermark: bigint, logStart = 0n, time = 1_000): Promise<unknown> =>
  done(log.stand({ logStart, highWatermark, lastStableOffset: highWatermark }, time));
