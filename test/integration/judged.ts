import type { Endpoint } from '../../src/protocol/net.ts';
import type { Access } from '../broker/access.ts';
import { type Judge, openJudge, type ReadRecord } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import type { Kept } from './subscriber.ts';

/** The plain listeners of a cluster. */
export const serversOf = ({ bootstrap }: Access): Endpoint[] =>
  bootstrap.PLAINTEXT.map((server) => {
    const [address, port] = server.split(':') as [string, string];
    return { address, port: Number(port) };
  });

/**
 * Asks a judge until it can tell, a new one each time, since kafkajs's client does not get over a broker that is gone.
 * @param within milliseconds, 60,000 by default
 */
export const judging = <T>(cluster: Access, use: (judge: Judge) => Promise<T>, within = 60_000): Promise<T> =>
  until(async () => {
    const judge = await openJudge(cluster, { listener: 'INTERNAL' });
    try {
      return await use(judge);
    } finally {
      await judge.close();
    }
  }, within);

const text = (bytes: Buffer | null): string | null => bytes?.toString('latin1') ?? null;

/** A record as the judge has it, in the words of a `Subscriber`; it says nothing of aborted transactions. */
export const judged = ({ partition, offset, timestamp, key, value, headers }: ReadRecord): Kept => ({
  partition,
  offset,
  timestamp,
  key: text(key),
  value: text(value),
  headers: Object.entries(headers).flatMap(([name, values]) =>
    [values ?? null].flat().map((one) => [name, one === null ? null : text(Buffer.from(one))] as const),
  ),
  aborted: false,
});
