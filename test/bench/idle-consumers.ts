import { cacheClient } from '../../operators/kafka/cache-client.ts';
import { window } from '../../src/control.ts';
import { emitter } from '../../src/emitter.ts';
import type { Kafka, KafkaRecord } from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';
import type { Run } from '../../src/run.ts';
import { cachedTopic } from './cached-topic.ts';
import { median } from './measure.ts';
import { numberedBatches } from './numbered.ts';

export interface IdleOptions {
  /** How many consumers do not read. */
  readonly idle: number;
  /** How many records are written before what is measured, and again while it is. */
  readonly records: number;
  /** Told how far it is. */
  readonly say?: (what: string) => void;
}

export interface Idle {
  /** What each of them takes, in bytes. */
  readonly each: number;
  /** By how much memory has grown, in MB, when that much was written: what is reachable, and what the process holds. */
  readonly growth: number;
  readonly resident: number;
  /** How fast one consumer is beside them that takes all, compared to when it is alone. */
  readonly speed: number;
}

/** By partition, the offset of the last record. */
type Ends = readonly bigint[];

const KEYS = 10_000;
const PARTITIONS = 6;
const ROUNDS = 7;
const FAST = 1 << 20;
/** What is granted to those that do not read, once, in turn: nothing, less than a record of each partition, some of each. */
const GRANTED = [0, 200, 20_000];

/**
 * Consumers of a compacted topic that do not read while all of its keys are written again and again: what they take, and
 * whether they slow down one that does. Wants `--expose-gc`.
 */
export async function idleConsumers({ idle, records, say = () => {} }: IdleOptions): Promise<Idle> {
  const topic = await cachedTopic('topic', PARTITIONS, 'compact');
  const kafka = cacheClient(topic.binding);
  const feed = numberedBatches(KEYS, PARTITIONS);
  const write = async (count: number): Promise<Ends> => {
    let ends: Ends = [];
    for (let left = count; left > 0; left -= KEYS) {
      const batches = feed(1);
      await topic.append(batches);
      ends = batches.map(({ lastOffset }) => lastOffset);
      await turn();
    }
    return ends;
  };
  const leave: (() => void)[] = [];
  try {
    // As much as is kept of it in memory is there, then.
    await write(records);
    const empty = reachable();
    say(`${records} records are written`);
    for (let n = 0; n < idle; n += 1) {
      leave.push(consume(kafka, GRANTED[n % GRANTED.length] as number));
      if (n % 100 === 99) await turn();
    }
    say(`${idle} consumers are there`);
    await write(KEYS);
    const [before, resident] = [reachable(), process.memoryUsage.rss()];
    await write(records);
    const [after, afterwards] = [reachable(), process.memoryUsage.rss()];
    say('as many again are written');
    const beside: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) beside.push(await rate(kafka, write));
    for (const one of leave.splice(0)) one();
    await turn();
    const alone: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) alone.push(await rate(kafka, write));
    return {
      each: (before - empty) / idle,
      growth: (after - before) / 2 ** 20,
      resident: (afterwards - resident) / 2 ** 20,
      speed: median(beside) / median(alone),
    };
  } finally {
    for (const one of leave) one();
    await topic.close();
  }
}

/** Of records that are written, how many a second come to one that takes them as they do, or are passed over for later ones. */
async function rate(kafka: Binding<Kafka>, write: (count: number) => Promise<Ends>): Promise<number> {
  const got = new Map<number, bigint>();
  let ends: Ends = [];
  let come = (): void => {};
  const leave = consume(kafka, FAST, 'latest', ({ partition, offset }) => {
    got.set(partition, offset);
    come();
  });
  await turn();
  const began = process.hrtime.bigint();
  const seconds = (): number => Number(process.hrtime.bigint() - began) / 1e9;
  let total = 0;
  for (; seconds() < 0.5; total += KEYS) ends = await write(KEYS);
  await new Promise<void>((resolve) => {
    // The last record of a partition is not passed over for another.
    come = () => ends.every((last, partition) => got.get(partition) === last) && resolve();
    come();
  });
  const taken = seconds();
  leave();
  return total / taken;
}

/** @param took told the last of the records that came, which are paid for again */
function consume(
  kafka: Binding<Kafka>,
  credit: number,
  from: 'earliest' | 'latest' = 'earliest',
  took?: (last: KafkaRecord) => void,
): () => void {
  const begin = { api: 'merged', capabilities: 'fetch', topic: 'topic', from: { default: from } } as const;
  let grant = (_: number): void => {};
  const reading = emitter<Kafka['initial']>(begin, () => ({ pull: () => undefined }))
    .pipe(kafka)
    .subscribe((frame) => {
      if (frame.kind === 'abort') throw frame.ext;
      if (frame.kind === 'begin') {
        grant = (more) => frame.control(window(more));
        if (credit > 0) grant(credit);
      } else if (frame.kind === 'data' && took !== undefined) {
        const run = frame.payload as Run<KafkaRecord>;
        took(run.at(run.length - 1));
        grant(frame.reserved);
      }
    });
  return () => reading.unsubscribe();
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function reachable(): number {
  global.gc?.();
  global.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

if (process.argv[2] === 'idle-consumers') {
  const [, , , idle = '5000', records = '1000000'] = process.argv;
  console.log(await idleConsumers({ idle: Number(idle), records: Number(records) }));
}
