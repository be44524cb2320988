import type { Kafka } from '../../../src/protocol/kafka.ts';
import type { Binding } from '../../../src/protocol.ts';
import type { Access } from '../../broker/access.ts';
import { openJudge } from '../../broker/judge.ts';
import { pairOf } from '../pair.ts';
import { Subscriber } from '../subscriber.ts';
import { Pulse } from './pulse.ts';

export interface SnapshotsOptions {
  readonly access: Access;
  readonly topic: string;
  readonly keys: number;
  /** How many bounded reads there are of a cache that is warm, and of as many others that are cold. */
  readonly reads: number;
  /** Where the caches are, by name. */
  readonly dir: (name: string) => string;
  /** Told how far it is. */
  readonly tell?: (what: string) => void;
}

/** How long a read may get nothing, in milliseconds. */
const PATIENCE = 60_000;

export interface Snapshots {
  readonly mistakes: readonly string[];
  /** How many records were written, and how many the broker's cleaner left. */
  readonly written: number;
  readonly left: number;
}

const EAGER = {
  'cleanup.policy': 'compact',
  'segment.ms': '100',
  'min.cleanable.dirty.ratio': '0.01',
  'max.compaction.lag.ms': '100',
};

/** Bounded reads of a topic all of whose keys are rewritten all the time, while the broker's cleaner and the cache's run. */
export async function snapshots(options: SnapshotsOptions): Promise<Snapshots> {
  const { access, topic, keys, reads, dir, tell = () => {} } = options;
  const judge = await openJudge(access);
  const mistakes: string[] = [];
  let [round, isOver] = [0, false];
  let [current, reading]: [Subscriber | undefined, string] = [undefined, 'nothing'];
  const pulse = new Pulse({
    measure: () => current?.records.length ?? 0,
    describe: () => `${round * keys} records written; ${reading} got ${current?.records.length ?? 0}`,
    tell,
    patience: PATIENCE,
  });
  const rewrite = async (): Promise<void> => {
    round += 1;
    await judge.write(
      topic,
      Array.from({ length: keys }, (_, key) => ({ key: `${key}`, value: `${round}`.padEnd(50) })),
    );
  };
  /** Reads to the end as it is, slowly now and then; answers what each key had. */
  const read = async (pair: Binding<Kafka>, name: string, isSlow: boolean): Promise<Map<string, number>> => {
    const least = round - 1;
    const begin = {
      api: 'merged',
      capabilities: 'fetch',
      topic,
      from: { default: 'earliest' },
      until: 'latest',
    } as const;
    const reader = new Subscriber(pair, begin, { credit: isSlow ? 1_000 : 1 << 20, returns: !isSlow });
    [current, reading] = [reader, name];
    const timer = setInterval(() => isSlow && reader.grant(5 * keys), 5);
    await pulse.bound(reader.over).finally(() => {
      clearInterval(timer);
      reader.leave();
    });
    const found = new Map<string, number>();
    const offsets = new Map<number, bigint>();
    for (const { key, value, partition, offset } of reader.records) {
      if (offset <= (offsets.get(partition) ?? -1n)) mistakes.push(`${name}: ${partition}/${offset} is out of order`);
      offsets.set(partition, offset);
      found.set(key as string, Number(value));
    }
    if (found.size < keys) mistakes.push(`${name}: ${keys - found.size} keys are missing`);
    const old = [...found.values()].filter((value) => value < least).length;
    if (old > 0) mistakes.push(`${name}: ${old} keys have values from before it began`);
    for (const { mark } of reader.marks) if (mark === 'gap') mistakes.push(`${name}: a gap`);
    return found;
  };
  try {
    await judge.createTopic(topic, { partitions: 6, config: EAGER });
    await rewrite();
    const writing = (async () => {
      while (!isOver) await rewrite();
    })();
    const warm = pairOf(access, { dir: dir('warm') });
    let before = new Map<string, number>();
    for (let n = 0; n < reads; n += 1) {
      const found = await read(warm, `warm read ${n}`, n % 2 === 1);
      for (const [key, value] of before) if ((found.get(key) ?? value) < value) mistakes.push(`${key} went back`);
      before = found;
      await read(pairOf(access, { dir: dir(`cold ${n}`) }), `cold read ${n}`, n % 2 === 1);
    }
    isOver = true;
    await writing;
    return { mistakes, written: round * keys, left: (await judge.read(topic)).length };
  } finally {
    isOver = true;
    pulse.stop();
    await judge.close();
  }
}
