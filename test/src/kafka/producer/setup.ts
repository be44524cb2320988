import type { ClusterOptions } from '../../../../src/kafka/cluster.ts';
import { Producer, type ProducerOptions } from '../../../../src/kafka/producer/producer.ts';
import type { Produced } from '../../../../src/producing/produced.ts';
import type { Acks } from '../../../../src/protocol/kafka.ts';
import type { KafkaError } from '../../../../src/protocol/kafka-error.ts';
import { FakeCluster } from './fake-cluster.ts';

export interface Sent {
  readonly value: string;
  /** In the order in which they came, over all records. */
  order: number;
  result: Produced | KafkaError | undefined;
}

/** A producer on a fake cluster. */
export function setup(
  topics: Record<string, number[]> = { t: [1] },
  options: ProducerOptions = {},
  clusterOptions: ClusterOptions = {},
) {
  const fake = new FakeCluster(topics, clusterOptions);
  const producer = new Producer(fake.cluster, { scheduler: fake.clock, random: () => 0.5, ...options });
  let answers = 0;
  const send = (
    value: string,
    { topic = 't', partition = 0, acks = 'all' as Acks, own = undefined as never } = {},
  ): Sent => {
    const sent: Sent = { value, order: -1, result: undefined };
    const record = { key: null, value: Buffer.from(value), headers: [], timestamp: 7n };
    producer.send(topic, partition, record, { acks, own }, (result) => {
      if (sent.result !== undefined) throw new Error(`${value} was answered twice`);
      sent.result = result;
      sent.order = answers;
      answers += 1;
    });
    return sent;
  };
  return { fake, clock: fake.clock, producer, send };
}

export const values = (count: number, from = 0): string[] => Array.from({ length: count }, (_, n) => `v${from + n}`);

export const offsets = (sent: readonly Sent[]) =>
  sent.map(({ result }) => (result !== undefined && 'offset' in result ? Number(result.offset) : undefined));

export const errors = (sent: readonly Sent[]) =>
  sent.map(({ result }) =>
    result !== undefined && 'code' in result ? (result.kafka?.name ?? result.code) : undefined,
  );

export const messageOf = ({ result }: Sent): string => (result as KafkaError).message;
