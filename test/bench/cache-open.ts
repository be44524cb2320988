import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { forkJoin } from 'rxjs';
import type { Cache } from '../../src/cache/cache.ts';
import { openCache } from '../../src/cache/open-cache.ts';
import type { Topic } from '../../src/cache/topic.ts';
import { eventLoop } from '../../src/scheduler.ts';
import { held, wait } from './cached-topic.ts';
import { median, stopwatch } from './measure.ts';
import { batchAt } from './numbered.ts';

/** What a process is told that is to do a part of it. */
const CHILD = 'cache-open-child';
const TOPICS = ['first', 'second', 'third', 'fourth'];
const PARTITIONS = 6;
/** Of each topic, with records of 1 KB. */
const KEYS = 250_000;
const BATCH = 500;
const VALUE = Buffer.alloc(980, 'x');
const OPENED = 5;

/** How a cache of 1 GB and a million keys opens in a new process, in milliseconds since the process asked for it. */
export interface CacheOpened {
  readonly store: number;
  /** When all keys of each topic were known. */
  readonly topics: readonly number[];
  /** What it used of the processors. */
  readonly processor: number;
  readonly bytesPerKey: number;
}

/** Opens one that was closed, and one whose process was killed while it wrote: the medians of five openings each. */
export async function benchCacheOpen(): Promise<{ readonly closed: CacheOpened; readonly killed: CacheOpened }> {
  const root = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    const closed = join(root, 'closed');
    const killed = join(root, 'killed');
    for (const [how, dir] of Object.entries({ closed, killed })) await child('fill', dir, how);
    return { closed: await openings(closed), killed: await openings(killed) };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function openings(dir: string): Promise<CacheOpened> {
  const all: CacheOpened[] = [];
  for (let n = 0; n < OPENED; n += 1) {
    // What opens it may store more of its keys, which the next must not find.
    const copy = `${dir}-${n}`;
    cpSync(dir, copy, { recursive: true });
    all.push(JSON.parse(await child('open', copy)));
    rmSync(copy, { recursive: true });
  }
  const of = (value: (one: CacheOpened) => number): number => median(all.map(value));
  return {
    store: of(({ store }) => store),
    topics: TOPICS.map((_, index) => of(({ topics }) => topics[index] ?? Number.NaN)),
    processor: of(({ processor }) => processor),
    bytesPerKey: of(({ bytesPerKey }) => bytesPerKey),
  };
}

/** Runs a part in a process of its own, which may kill itself in the end; answers what it prints. */
const child = (...parts: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [fileURLToPath(import.meta.url), CHILD, ...parts],
      { maxBuffer: 1 << 20 },
      (error, printed) => (error === null || error.signal === 'SIGKILL' ? resolve(printed) : reject(error)),
    );
  });

const cacheAt = (dir: string): Promise<[Cache, () => void]> => held(openCache(dir, { kind: 'cache' }));

/** Fills a cache, in turn a batch of each partition of each topic; then closes it, or kills this process. */
async function fill(dir: string, how: string): Promise<void> {
  const [cache, leave] = await cacheAt(dir);
  const opened = await Promise.all(TOPICS.map((name) => held(cache.topic(name))));
  const topics = opened.map(([topic]) => topic);
  await Promise.all(topics.map(begin));
  const each = KEYS / PARTITIONS;
  for (let key = 0; key < each; key += BATCH) {
    const records = Array.from({ length: Math.min(BATCH, Math.ceil(each) - key) }, (_, index) => ({
      ...{ key: Buffer.from(`key-${key + index}`), value: VALUE, headers: [], timestamp: BigInt(eventLoop.now()) },
    }));
    const batch = batchAt(BigInt(key), records);
    for (const topic of topics)
      await wait(forkJoin([...topic.partitions.values()].map((partition) => partition.append([batch]))));
  }
  if (how === 'killed') process.kill(process.pid, 'SIGKILL');
  for (const [, done] of opened) done();
  leave();
  await wait(cache.closed);
}

async function begin(topic: Topic): Promise<void> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  await wait(topic.remember({ topicId: 'id', partitions, configs: { 'cleanup.policy': 'compact' } }));
  const offsets = { logStart: 0n, highWatermark: 0n, lastStableOffset: 0n };
  for (const partition of partitions.map((number) => topic.partition(number))) {
    await wait(partition.begin(0n));
    await wait(partition.stand(offsets, eventLoop.now()));
  }
}

async function open(dir: string): Promise<CacheOpened> {
  const stop = stopwatch();
  const since = (): number => stop().elapsed / 1e6;
  const [cache] = await cacheAt(dir);
  const store = since();
  const ready = await Promise.all(
    TOPICS.map(async (name) => {
      const [topic] = await held(cache.topic(name));
      return { topic, at: since() };
    }),
  );
  const processor = stop().processor / 1e6;
  const tables = ready.flatMap(({ topic }) => [...topic.partitions.values()].flatMap(({ index }) => index ?? []));
  const keys = tables.reduce((sum, { size }) => sum + size, 0);
  if (keys < KEYS * TOPICS.length) throw new Error(`${keys} keys`);
  const bytesPerKey = tables.reduce((sum, { bytes }) => sum + bytes, 0) / keys;
  return { store, topics: ready.map(({ at }) => at), processor, bytesPerKey };
}

if (process.argv[2] === CHILD) {
  const [, , , part, dir = '', how = ''] = process.argv;
  if (part === 'fill') await fill(dir, how);
  else {
    console.log(JSON.stringify(await open(dir)));
    process.kill(process.pid, 'SIGKILL');
  }
}
