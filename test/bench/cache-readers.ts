import { monitorEventLoopDelay } from 'node:perf_hooks';
import { cacheClient } from '../../operators/kafka/cache-client.ts';
import { cachedTopic } from './cached-topic.ts';
import { median, stopwatch } from './measure.ts';
import { numberedBatches } from './numbered.ts';
import { Reader } from './reader.ts';

const KEYS = 10_000;
const WINDOW = 64 << 10;

/** How readers caught up that joined all at once, in milliseconds. */
export interface Joined {
  readonly p50: number;
  readonly p95: number;
  /** What all of them together took of the processors. */
  readonly processor: number;
  /** How long the event loop did not turn, but for one time in a hundred. */
  readonly delay: number;
}

/** So many readers join a compacted topic of 10,000 keys, each written four times, at once. */
export async function benchJoining(readers: number): Promise<Joined> {
  const topic = await cachedTopic('topic', 6, 'compact');
  try {
    const next = numberedBatches(KEYS, 6);
    for (let round = 0; round < 4; round += 1) await topic.append(next(1));
    const binding = cacheClient(topic.binding);
    const join = async (): Promise<number> => {
      const since = performance.now();
      let records = 0;
      await new Promise<void>((resolve, reject) => {
        const reader = new Reader(binding, 'topic', {
          window: WINDOW,
          take(run) {
            records += run.length;
          },
          level: resolve,
        });
        reader.begun.then(() => reader.go());
        reader.ended.catch(reject);
        leave.push(() => reader.leave());
      });
      if (records < KEYS) throw new Error(`caught up with ${records} of ${KEYS} keys`);
      return performance.now() - since;
    };
    const leave: (() => void)[] = [];
    await join();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const stop = stopwatch();
    const took = (await Promise.all(Array.from({ length: readers }, join))).sort((a, b) => a - b);
    const { processor } = stop();
    // What held it up until now counts when it turns.
    await new Promise((resolve) => setTimeout(resolve, 20));
    delay.disable();
    for (const one of leave) one();
    const at = (part: number): number => took[Math.floor(took.length * part)] ?? Number.NaN;
    return { p50: at(0.5), p95: at(0.95), processor: processor / 1e6, delay: delay.percentile(99) / 1e6 };
  } finally {
    await topic.close();
  }
}

/** What a reader holds that waits at the end of a topic, in bytes; nothing is known of it without `gc`. */
export async function benchHeld(partitions: number): Promise<number> {
  const collect = globalThis.gc;
  if (collect === undefined) return Number.NaN;
  const topic = await cachedTopic('topic', partitions, 'compact');
  const binding = cacheClient(topic.binding);
  const readers: Reader[] = [];
  const sizes: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    collect();
    const before = process.memoryUsage().heapUsed;
    const more = Array.from({ length: 1_000 }, () => new Reader(binding, 'topic', { window: WINDOW, take() {} }));
    await Promise.all(more.map(({ begun }) => begun));
    for (const reader of more) reader.go();
    await new Promise(setImmediate);
    collect();
    sizes.push((process.memoryUsage().heapUsed - before) / more.length);
    readers.push(...more);
  }
  for (const reader of readers) reader.leave();
  await topic.close();
  return median(sizes);
}
