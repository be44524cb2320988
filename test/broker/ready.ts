import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

const BETWEEN_TRIES = 50;

/**
 * Resolves once the broker on 127.0.0.1:`port` answers ApiVersions and Metadata with a controller and all of `ids`.
 * Tries until `signal` aborts, then rejects with its reason.
 */
export async function ready(port: number, ids: readonly number[], signal: AbortSignal): Promise<void> {
  while (!(await knows(port, ids))) {
    signal.throwIfAborted();
    await sleep(BETWEEN_TRIES);
  }
}

async function knows(port: number, ids: readonly number[]): Promise<boolean> {
  const brokers = [`127.0.0.1:${port}`];
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 0 }, requestTimeout: 2000 }).admin();
  try {
    await admin.connect();
    const { brokers: alive, controller } = await admin.describeCluster();
    return controller !== null && controller >= 0 && ids.every((id) => alive.some((broker) => broker.nodeId === id));
  } catch {
    return false;
  } finally {
    await admin.disconnect();
  }
}
