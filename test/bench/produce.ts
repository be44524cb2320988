import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import { emitter } from '../../src/emitter.ts';
import { end } from '../../src/frame.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import { fragment } from '../../src/protocol/kafka-fragment.ts';
import type { Access } from '../broker/access.ts';
import { kafkaClient } from '../broker/client.ts';
import { startCluster } from '../broker/cluster.ts';
import { openJudge } from '../broker/judge.ts';
import { type Figure, median } from './measure.ts';

const PARTITIONS = 6;
const ROUNDS = 3;
/** How kafkajs is given records: so many in a call, and so many calls at a time. */
const IN_A_CALL = 1_000;
const CALLS = 5;

export interface ProduceOptions {
  readonly records: number;
  /** The bytes of a record, its key included. */
  readonly size: number;
}

/** Writes records to a real broker until all are acknowledged by all, each with a key, beside kafkajs's producer. */
export async function benchProduce({ records, size }: ProduceOptions): Promise<Figure[]> {
  const cluster = await startCluster({ heap: '1g' });
  try {
    const judge = await openJudge(cluster);
    const value = Buffer.alloc(size - 10, 'x');
    const times = { kafkajs: [] as number[], sluice: [] as number[] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const topics = [`kafkajs-${round}`, `sluice-${round}`] as const;
      for (const topic of topics) await judge.createTopic(topic, { partitions: PARTITIONS });
      const theirs = await theirsOf(cluster, topics[0], records, value);
      const ours = await oursOf(cluster, topics[1], records, value);
      for (const topic of topics) {
        const offsets = await judge.admin.fetchTopicOffsets(topic);
        const held = offsets.reduce((sum, { high }) => sum + Number(high), 0);
        if (held !== records) throw new Error(`${topic} holds ${held} records`);
        await judge.deleteTopic(topic);
      }
      // The first round warms up.
      if (round > 0) {
        times.kafkajs.push(theirs);
        times.sluice.push(ours);
      }
    }
    await judge.close();
    return [
      { name: `kafkajs, ${CALLS} calls of ${IN_A_CALL} at a time`, nanoseconds: median(times.kafkajs) },
      { name: 'kafka client, idempotent', nanoseconds: median(times.sluice) },
    ];
  } finally {
    await cluster.stop();
  }
}

const keyOf = (n: number): string => String(n).padStart(10, '0');

async function theirsOf(access: Access, topic: string, records: number, value: Buffer): Promise<number> {
  const producer = kafkaClient(access).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  let next = 0;
  const call = async (): Promise<void> => {
    while (next < records) {
      const from = next;
      next += IN_A_CALL;
      const count = Math.min(IN_A_CALL, records - from);
      const messages = Array.from({ length: count }, (_, index) => ({ key: keyOf(from + index), value }));
      await producer.send({ topic, messages, acks: -1 });
    }
  };
  const began = process.hrtime.bigint();
  await Promise.all(Array.from({ length: CALLS }, call));
  const took = Number(process.hrtime.bigint() - began) / records;
  await producer.disconnect();
  return took;
}

async function oursOf(access: Access, topic: string, records: number, value: Buffer): Promise<number> {
  const [server = ''] = access.bootstrap.PLAINTEXT;
  const [address = '', port] = server.split(':');
  const binding = client(tcpClient(), { servers: [{ address, port: Number(port) }] });
  const began = process.hrtime.bigint();
  let sent = 0;
  let answered = 0;
  const initial = emitter<Kafka['initial']>(
    { api: 'merged', capabilities: 'produce', topic, from: { default: 'latest' } },
    () => ({
      pull(balance) {
        if (sent === records) return end();
        if (balance <= 0) return undefined;
        const key = Buffer.from(keyOf(sent));
        sent += 1;
        return fragment(value, true, { key, headers: [] });
      },
    }),
  );
  await new Promise<void>((resolve, reject) => {
    binding(initial).subscribe({
      next(frame) {
        if (frame.kind === 'flush' && 'answer' in frame.ext) {
          if (frame.ext.answer === 'produced') answered += 1;
          else reject(frame.ext.fault);
        } else if (frame.kind === 'abort') reject(frame.ext);
      },
      error: reject,
      complete: resolve,
    });
  });
  if (answered !== records) throw new Error(`${answered} records were answered`);
  return Number(process.hrtime.bigint() - began) / records;
}
