import { map, type Observable, of, switchMap } from 'rxjs';
import type { From, Isolation } from '../../protocol/kafka.ts';
import type { Cluster } from '../cluster.ts';
import { kafkaFault, NONE } from '../kafka-errors.ts';
import { EARLIEST, LATEST, listOffsets } from '../requests/list-offsets.ts';
import { offsetForLeaderEpoch } from '../requests/offset-for-leader-epoch.ts';

/** A partition, at the broker that leads it. */
export interface Led {
  readonly topic: string;
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
}

/**
 * The offset that `from` stands for; with a timestamp that no record reaches, the end.
 * Errors with a KAFKA_ERROR, or as `Cluster.request` does.
 */
export function offsetOf(cluster: Cluster, at: Led, from: From, isolation: Isolation): Observable<bigint> {
  if (from === 'earliest') return listed(cluster, at, EARLIEST, isolation);
  if (from === 'latest') return listed(cluster, at, LATEST, isolation);
  if ('offset' in from) return of(from.offset);
  return listed(cluster, at, from.timestamp, isolation).pipe(
    switchMap((offset) => (offset < 0n ? listed(cluster, at, LATEST, isolation) : of(offset))),
  );
}

/** Where the log parts from one that was read up to the end of `epoch`; errors as `offsetOf` does. */
export function endOfEpoch(cluster: Cluster, at: Led, epoch: number): Observable<bigint> {
  const { topic, partition, leader, leaderEpoch } = at;
  const body = { topics: [{ topic, partitions: [{ partition, leaderEpoch, epoch }] }] };
  return cluster.request(leader, offsetForLeaderEpoch, body).pipe(
    map(({ topics }) => {
      const [end] = topics[0]?.partitions ?? [];
      if (end !== undefined && end.error === NONE) return end.endOffset;
      throw kafkaFault(end?.error ?? UNKNOWN).at(`broker ${leader}, OffsetForLeaderEpoch of ${topic}/${partition}`);
    }),
  );
}

function listed(cluster: Cluster, at: Led, timestamp: bigint, isolation: Isolation): Observable<bigint> {
  const { topic, partition, leader, leaderEpoch } = at;
  const body = { isolation, topics: [{ topic, partitions: [{ partition, leaderEpoch, timestamp }] }] };
  return cluster.request(leader, listOffsets, body).pipe(
    map(({ topics }) => {
      const [found] = topics[0]?.partitions ?? [];
      if (found !== undefined && found.error === NONE) return found.offset;
      throw kafkaFault(found?.error ?? UNKNOWN).at(`broker ${leader}, ListOffsets of ${topic}/${partition}`);
    }),
  );
}

const UNKNOWN = -1;
