import type { Kafka as KafkaJs } from 'kafkajs';
import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import { window } from '../../src/control.ts';
import { emitter } from '../../src/emitter.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import type { Access } from '../broker/access.ts';
import { kafkaClient } from '../broker/client.ts';
import { startCluster } from '../broker/cluster.ts';
import { openJudge } from '../broker/judge.ts';
import { type Figure, median } from './measure.ts';

const TOPIC = 'bench';
const PARTITIONS = 6;
const RECORDS = 1_000_000;
const ROUNDS = 3;
const WINDOW = 4 << 20;

/** Reads a topic of a real broker to its end, the key of every record looked at, beside kafkajs's `eachBatch`. */
export async function benchConsume(): Promise<Figure[]> {
  const cluster = await startCluster({ heap: '1g' });
  try {
    await fill(cluster);
    const times = { kafkajs: [] as number[], sluice: [] as number[] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const theirs = await theirsOf(kafkaClient(cluster), round);
      const ours = await oursOf(cluster);
      // The first round warms up.
      if (round > 0) {
        times.kafkajs.push(theirs);
        times.sluice.push(ours);
      }
    }
    return [
      { name: 'kafkajs, eachBatch', nanoseconds: median(times.kafkajs) },
      { name: 'kafka client, merged', nanoseconds: median(times.sluice) },
    ];
  } finally {
    await cluster.stop();
  }
}

async function fill(access: Access): Promise<void> {
  const judge = await openJudge(access);
  await judge.createTopic(TOPIC, { partitions: PARTITIONS });
  const value = Buffer.alloc(90, 'x');
  for (let n = 0; n < RECORDS; n += 12_000) {
    const count = Math.min(12_000, RECORDS - n);
    await judge.write(
      TOPIC,
      Array.from({ length: count }, (_, index) => ({ key: `${n + index}`, value, partition: index % PARTITIONS })),
    );
  }
  await judge.close();
}

/** Nanoseconds a record from the first record to the last: joining a group is not counted. */
async function theirsOf(kafka: KafkaJs, round: number): Promise<number> {
  const consumer = kafka.consumer({ groupId: `bench-${round}`, maxBytesPerPartition: 1 << 20 });
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  let began: bigint | undefined;
  let records = 0;
  let bytes = 0;
  await new Promise<void>((resolve, reject) => {
    const eachBatch = async ({ batch }: { batch: { messages: { key: Buffer | null }[] } }): Promise<void> => {
      began ??= process.hrtime.bigint();
      for (const { key } of batch.messages) bytes += key?.length ?? 0;
      records += batch.messages.length;
      if (records >= RECORDS) resolve();
    };
    consumer.run({ eachBatch, partitionsConsumedConcurrently: PARTITIONS }).catch(reject);
  });
  const took = Number(process.hrtime.bigint() - (began ?? 0n)) / records;
  await consumer.disconnect();
  if (bytes === 0) throw new Error('no key was read');
  return took;
}

/** Nanoseconds a record from the subscription to END. */
async function oursOf(access: Access): Promise<number> {
  const [server = ''] = access.bootstrap.PLAINTEXT;
  const [address = '', port] = server.split(':');
  const binding = client(tcpClient(), { servers: [{ address, port: Number(port) }] });
  const initial = emitter<Kafka['initial']>(
    { api: 'merged', capabilities: 'fetch', topic: TOPIC, from: { default: 'earliest' }, until: 'latest' },
    () => ({ pull: () => undefined }),
  );
  const began = process.hrtime.bigint();
  let records = 0;
  let bytes = 0;
  await new Promise<void>((resolve, reject) => {
    let control: (control: ReturnType<typeof window>) => void = () => {};
    binding(initial).subscribe({
      next(frame) {
        if (frame.kind === 'begin') {
          control = frame.control;
          control(window(WINDOW));
        } else if (frame.kind === 'data') {
          const { payload } = frame;
          if (!('at' in payload)) return;
          for (let index = 0; index < payload.length; index += 1) bytes += payload.at(index).key?.length ?? 0;
          records += payload.length;
          control(window(frame.reserved));
        } else if (frame.kind === 'abort') reject(frame.ext);
      },
      error: reject,
      complete: resolve,
    });
  });
  if (records !== RECORDS || bytes === 0) throw new Error(`${records} records, ${bytes} bytes of keys`);
  return Number(process.hrtime.bigint() - began) / records;
}
