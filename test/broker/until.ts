import { setTimeout as sleep } from 'node:timers/promises';

const BETWEEN_TRIES = 100;

/**
 * Tries `attempt` until it does not reject, and answers what it answers.
 * @param within milliseconds, default 30,000; after it, rejects as the last attempt did
 */
export async function until<T>(attempt: () => Promise<T>, within = 30_000): Promise<T> {
  for (const deadline = Date.now() + within; ; await sleep(BETWEEN_TRIES)) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
