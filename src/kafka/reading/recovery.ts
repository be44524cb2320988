import { map, type Observable, of, switchMap } from 'rxjs';
import type { Isolation, KafkaGap } from '../../protocol/kafka.ts';
import type { Cluster } from '../cluster.ts';
import { endOfEpoch, type Led, offsetOf } from './start.ts';

/** Where to go on, and what was missed. */
export interface Recovery {
  readonly to: bigint;
  readonly gap?: KafkaGap;
}

/**
 * Where a reader goes on whose `position` is not in the log: at the log's start if that has passed it; where the log
 * parts from what was read, if that is known by the epoch of the last record (KIP-320); else at the end. Without a gap
 * if the position is in the log by now. Errors as `offsetOf` does.
 *
 * @param lastEpoch -1 where nothing was read
 */
export function recovery(
  cluster: Cluster,
  at: Led,
  position: bigint,
  lastEpoch: number,
  isolation: Isolation,
): Observable<Recovery> {
  const { partition } = at;
  return offsetOf(cluster, at, 'earliest', isolation).pipe(
    switchMap((start) => {
      if (position < start) return of({ to: start, gap: gapOf(partition, position, start, 'retention') });
      const end =
        lastEpoch < 0 ? offsetOf(cluster, at, 'latest', 'read_uncommitted') : endOfEpoch(cluster, at, lastEpoch);
      return end.pipe(map((to) => (to < position ? back(partition, position, to, lastEpoch) : { to: position })));
    }),
  );
}

/**
 * Goes back to `to`, between the first offset there can be and the position: what was read behind it is there no longer.
 * A log that has more than was read, and nothing of the epoch that was read last, parts at an offset that nobody knows.
 */
export function back(partition: number, position: bigint, to: bigint, lastEpoch: number): Required<Recovery> {
  const from = to < 0n ? 0n : to < position ? to : position;
  return { to: from, gap: gapOf(partition, from, position, lastEpoch < 0 ? 'out-of-range' : 'truncated') };
}

/** What is told of offsets that are not there to be read. */
export const gapOf = (partition: number, from: bigint, to: bigint, reason: string): KafkaGap => ({
  mark: 'gap',
  partition,
  from,
  to,
  reason,
});
