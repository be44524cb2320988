import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Producer } from 'kafkajs';
import { stage } from '../../operators/flow/stage.ts';
import { cacheClient } from '../../operators/kafka/cache-client.ts';
import { cacheServer } from '../../operators/kafka/cache-server.ts';
import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import { emitter } from '../../src/emitter.ts';
import { end } from '../../src/frame.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import { fragment } from '../../src/protocol/kafka-fragment.ts';
import type { Binding } from '../../src/protocol.ts';
import { kafkaClient } from '../broker/client.ts';
import { startCluster } from '../broker/cluster.ts';
import { openJudge } from '../broker/judge.ts';
import { median } from './measure.ts';

const PARTITIONS = 6;
const ROUNDS = 7;
const VALUE = Buffer.alloc(1_000, 'x');

/** What so many producers do together, each of which sends a record when the one before is acknowledged. */
export interface Pace {
  readonly producers: number;
  readonly name: string;
  /** Records a second. */
  readonly rate: number;
  /** Milliseconds from a record to its answer: half of them, and all but one in a hundred. */
  readonly p50: number;
  readonly p99: number;
}

type Produce = (producer: number, records: number, answered: () => void) => Promise<void>;

/** Producers through a kafka client, a stage before it and a cache pair before it, beside as many callers of one kafkajs producer, on the same broker. */
export async function benchStage(counts: readonly number[], records: number): Promise<Pace[]> {
  const cluster = await startCluster({ heap: '1g' });
  const directory = mkdtempSync(join(tmpdir(), 'stage-'));
  try {
    const judge = await openJudge(cluster);
    await judge.createTopic('bench', { partitions: PARTITIONS });
    await judge.close();
    const [address = '', port] = (cluster.bootstrap.PLAINTEXT[0] ?? '').split(':');
    const direct = client(tcpClient(), { servers: [{ address, port: Number(port) }] });
    const staged = stage({ store: join(directory, 'stage') })(direct);
    const server = cacheServer(direct, { dir: join(directory, 'server') });
    const pair = cacheClient(server, { dir: join(directory, 'client') });
    const theirs = kafkaClient(cluster).producer({ allowAutoTopicCreation: false });
    await theirs.connect();
    const ways = [
      ['kafkajs', byKafkajs(theirs)],
      ['kafka client', byStreams(direct)],
      ['stage and kafka client', byStreams(staged)],
      ['cache pair and kafka client', byStreams(pair)],
    ] as const;
    const paces: Pace[] = [];
    for (const producers of counts) {
      const rounds = ways.map((): Omit<Pace, 'name' | 'producers'>[] => []);
      for (let round = 0; round <= ROUNDS; round += 1) {
        for (const [index, [, produce]] of ways.entries()) {
          // One alone waits for each, so that it takes longer.
          const pace = await paced(produce, producers, Math.min(records, producers * 2_000));
          // The first round warms up.
          if (round > 0) rounds[index]?.push(pace);
        }
      }
      for (const [index, [name]] of ways.entries()) {
        const of = (what: 'rate' | 'p50' | 'p99'): number => median((rounds[index] ?? []).map((pace) => pace[what]));
        paces.push({ producers, name, rate: of('rate'), p50: of('p50'), p99: of('p99') });
      }
    }
    await theirs.disconnect();
    return paces;
  } finally {
    rmSync(directory, { recursive: true, force: true });
    await cluster.stop();
  }
}

async function paced(produce: Produce, producers: number, records: number): Promise<Omit<Pace, 'name' | 'producers'>> {
  const latencies: number[] = [];
  const each = Math.ceil(records / producers);
  const began = process.hrtime.bigint();
  const one = (producer: number): Promise<void> => {
    let sent = process.hrtime.bigint();
    return produce(producer, each, () => {
      const now = process.hrtime.bigint();
      latencies.push(Number(now - sent) / 1e6);
      sent = now;
    });
  };
  await Promise.all(Array.from({ length: producers }, (_, producer) => one(producer)));
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  if (latencies.length !== each * producers) throw new Error(`${latencies.length} records were answered`);
  latencies.sort((a, b) => a - b);
  const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? Number.NaN;
  return { rate: latencies.length / seconds, p50: at(0.5), p99: at(0.99) };
}

const byKafkajs =
  (theirs: Producer): Produce =>
  async (producer, records, answered) => {
    for (let n = 0; n < records; n += 1) {
      await theirs.send({ topic: 'bench', messages: [{ key: `${producer}`, value: VALUE }], acks: -1 });
      answered();
    }
  };

const byStreams =
  (ours: Binding<Kafka>): Produce =>
  (producer, records, answered) =>
    new Promise((resolve, reject) => {
      const key = Buffer.from(`${producer}`);
      let sent = 0;
      let done = 0;
      let wake = (): void => {};
      const initial = emitter<Kafka['initial']>(
        { api: 'merged', capabilities: 'produce', topic: 'bench', from: { default: 'latest' } },
        (woken) => {
          wake = woken;
          return {
            pull(balance) {
              if (done === records) return end();
              if (balance <= 0 || sent > done) return undefined;
              sent += 1;
              return fragment(VALUE, true, { key, headers: [] });
            },
          };
        },
      );
      ours(initial).subscribe({
        next(frame) {
          if (frame.kind === 'abort') reject(frame.ext);
          if (frame.kind !== 'flush' || !('answer' in frame.ext)) return;
          if (frame.ext.answer === 'refused') return reject(frame.ext.fault);
          // A record that had to be cut at the end of the window is answered once, all the same.
          done += 1;
          answered();
          wake();
        },
        error: reject,
        complete: resolve,
      });
    });
