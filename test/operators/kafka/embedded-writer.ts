import { embedded } from '../../../operators/kafka/embedded.ts';
import { produce } from '../../../src/messages/producer.ts';
import { killedTopic } from './killed-topic.ts';

// Produces numbers to a topic, many at a time, and prints those that are acknowledged, until it is killed.
const [dir, first] = [process.argv[2] as string, Number(process.argv[3])];
const numbers = produce(embedded({ dir, topics: [killedTopic] }), { topic: killedTopic.name, value: 'string' });
const AT_A_TIME = 50;

async function send(number: number): Promise<void> {
  const { partition, offset } = await numbers.send({
    value: `${number} ${'x'.repeat(number % 1_000)}`,
    partition: number % killedTopic.partitions,
  });
  process.stdout.write(`${partition}@${offset}=${number}\n`);
  await send(number + AT_A_TIME);
}

for (let number = first; number < first + AT_A_TIME; number += 1) void send(number);
