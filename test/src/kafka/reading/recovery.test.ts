import { firstValueFrom, of, throwError } from 'rxjs';
import type { Cluster } from '../../../../src/kafka/cluster.ts';
import { kafkaFault } from '../../../../src/kafka/kafka-errors.ts';
import { recovery } from '../../../../src/kafka/reading/recovery.ts';
import type { Api } from '../../../../src/kafka/requests/api.ts';
import { EARLIEST, type ListOffsetsRequest } from '../../../../src/kafka/requests/list-offsets.ts';

const AT = { topic: 't', partition: 4, leader: 1, leaderEpoch: 9 };

/** A leader whose log goes from `start` to `end`, and of which an epoch ended at `epochEnd`. */
const log = ({ start = 0n, end = 100n, epochEnd = 0n, error = 0 }): Cluster =>
  ({
    request(broker: number, { name }: Api<never>, body: unknown) {
      if (broker !== 1) return throwError(() => new Error(`asked broker ${broker}`));
      if (name === 'OffsetForLeaderEpoch') {
        return of({ topics: [{ topic: 't', partitions: [{ partition: 4, error, epoch: 3, endOffset: epochEnd }] }] });
      }
      const { timestamp } = (body as ListOffsetsRequest).topics[0]?.partitions[0] ?? {};
      const offset = timestamp === EARLIEST ? start : end;
      return of({ topics: [{ topic: 't', partitions: [{ partition: 4, error, offset }] }] });
    },
  }) as unknown as Cluster;

const found = (cluster: Cluster, position: bigint, lastEpoch = -1) =>
  firstValueFrom(recovery(cluster, AT, position, lastEpoch, 'read_committed'));

describe('a reader whose position is not in the log', () => {
  const gap = (from: bigint, to: bigint, reason: string) => ({ mark: 'gap', partition: 4, from, to, reason });

  it('goes on at the start of a log that has passed it, and tells what it misses', async () => {
    expect(await found(log({ start: 50n }), 20n, 3)).toEqual({ to: 50n, gap: gap(20n, 50n, 'retention') });
  });

  it('goes back to the end of a log that is shorter', async () => {
    expect(await found(log({ end: 100n }), 120n)).toEqual({ to: 100n, gap: gap(100n, 120n, 'out-of-range') });
  });

  it('goes back to where the log parts from what it read, by the epoch of its last record', async () => {
    expect(await found(log({ epochEnd: 80n }), 120n, 3)).toEqual({ to: 80n, gap: gap(80n, 120n, 'truncated') });
    expect(await found(log({ epochEnd: -1n }), 120n, 3)).toEqual({ to: 0n, gap: gap(0n, 120n, 'truncated') });
  });

  it('stays where it is if that is in the log by now', async () => {
    expect(await found(log({}), 60n)).toEqual({ to: 60n });
    expect(await found(log({ epochEnd: 60n }), 60n, 3)).toEqual({ to: 60n });
  });

  it('fails as the leader does', async () => {
    await expect(found(log({ error: 6 }), 60n)).rejects.toMatchObject({
      kafka: kafkaFault(6).kafka,
      message: expect.stringContaining('broker 1, ListOffsets of t/4'),
    });
  });
});
