import { Kafka, logLevel } from 'kafkajs';
import { SluiceError } from '../../src/errors.ts';
import type { Topic } from './config.ts';

/**
 * Makes the topics that a cluster does not have yet; one that is there stays as it is.
 *
 * @param broker one of the cluster, `host:port`
 * @throws SluiceError KAFKA_ERROR if it cannot be reached, or refuses
 */
export async function createTopics(broker: string, topics: readonly Topic[]): Promise<void> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 3 } }).admin();
  try {
    await admin.connect();
    await admin.createTopics({
      topics: topics.map(({ name, partitions = 1, config = {} }) => ({
        topic: name,
        numPartitions: partitions,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value: `${value}` })),
      })),
    });
  } catch (thrown) {
    throw new SluiceError('KAFKA_ERROR', `${broker}: ${(thrown as Error).message}`, { cause: thrown });
  } finally {
    await admin.disconnect();
  }
}
