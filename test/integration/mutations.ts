import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import { codes } from '../../src/errors.ts';
import type { Endpoint } from '../../src/protocol/net.ts';
import type { Judge } from '../broker/judge.ts';
import { judged } from './judged.ts';
import { changing, mutate, seeded } from './mutated.ts';
import { type Kept, Subscriber } from './subscriber.ts';

export interface MutationsOptions {
  readonly servers: readonly Endpoint[];
  /** Writes the topic that is read, and says what it has. */
  readonly judge: Judge;
  readonly rounds: number;
  readonly seed: number;
}

export interface MutationsResult {
  /** How many streams ended well, or with a fault, by its code. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** What should not be. */
  readonly mistakes: readonly string[];
}

/** Longer than anything here takes, in milliseconds. */
const HANG = 20_000;

const contentOf = ({ offset: _, partition: __, aborted: ___, ...content }: Kept): string =>
  JSON.stringify(content, (_key, value) => (typeof value === 'bigint' ? `${value}` : value));

/**
 * Reads a small topic again and again, each time with one response of the broker mutated: whatever becomes of it, the stream
 * ends, with what is true or with a fault that has a code.
 */
export async function mutations({ servers, judge, rounds, seed }: MutationsOptions): Promise<MutationsResult> {
  const topic = 'mutations';
  const truth = await written(judge, topic);
  const outcomes: Record<string, number> = {};
  const mistakes: string[] = [];
  const contents = new Set(truth.map(contentOf));
  const round = async (index: number): Promise<void> => {
    const random = seeded(seed + index);
    let left = Math.floor(random() * 11);
    const exit = changing((response) => {
      left -= 1;
      return left === -1 ? mutate(response, random) : response;
    })(tcpClient());
    const options = { servers, requestTimeout: 400, backoff: 2, maxBackoff: 20, topicPatience: 50, patience: 5_000 };
    const stream = new Subscriber(client(exit, options), {
      api: 'merged',
      capabilities: 'fetch',
      topic,
      from: { default: 'earliest' },
      until: 'latest',
    });
    const outcome = await Promise.race([
      stream.over.then(
        () => 'END',
        (fault: { code?: string }) => fault.code ?? `${fault}`,
      ),
      new Promise<string>((resolve) => setTimeout(resolve, HANG, 'a hang').unref()),
    ]);
    stream.leave();
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (outcome !== 'END' && !(outcome in codes)) mistakes.push(`seed ${seed + index}: ${outcome}`);
    const wrong = stream.records.filter((record) => !contents.has(contentOf(record)));
    if (wrong.length > 0) mistakes.push(`seed ${seed + index}: ${wrong.length} records that are not there`);
    const goneBack = new Set(stream.marks.flatMap((mark) => (mark.mark === 'gap' ? [mark.partition] : [])));
    for (const [at, record] of stream.records.entries()) {
      if (goneBack.has(record.partition)) continue;
      const before = stream.records.slice(0, at).findLast(({ partition }) => partition === record.partition);
      if (before !== undefined && before.offset >= record.offset) mistakes.push(`seed ${seed + index}: out of order`);
    }
  };
  for (let index = 0; index < rounds; index += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, rounds - index) }, (_, n) => round(index + n)));
  }
  return { outcomes, mistakes };
}

const AT_ONCE = 8;

/** Six batches of five records, in two partitions. */
async function written(judge: Judge, topic: string): Promise<Kept[]> {
  await judge.createTopic(topic, { partitions: 2 });
  for (let batch = 0; batch < 3; batch += 1) {
    const records = Array.from({ length: 10 }, (_, n) => ({
      key: `key ${n}`,
      value: `value ${batch}`,
      partition: n % 2,
      headers: { h: 'x' },
    }));
    await judge.write(topic, records);
  }
  return (await judge.read(topic)).map(judged);
}
