import { catchError, map, of, take } from 'rxjs';
import { listen } from '../../listen.ts';
import type { KafkaBegin, PartitionOffsets } from '../../protocol/kafka.ts';
import { described } from '../describe.ts';
import type { Context } from './context.ts';
import { reading } from './reading.ts';
import type { Answering, Stream } from './stream.ts';

/** The records of all partitions of a topic, as one stream. */
export const mergedStream = (
  context: Context,
  begin: Extract<KafkaBegin, { api: 'merged' }>,
  stream: Stream,
): Answering => {
  const { from, topic } = begin;
  let partitions: readonly PartitionOffsets[] | undefined;
  let policy: { readonly cleanupPolicy: string | undefined } | undefined;
  const begun = (): void => {
    if (partitions !== undefined && policy !== undefined) stream.begin({ api: 'merged', partitions, ...policy });
  };
  const policies = described(context.cluster, topic, [CLEANUP_POLICY], context).pipe(
    take(1),
    map((configs) => ({ cleanupPolicy: configs[CLEANUP_POLICY] ?? undefined })),
    catchError((thrown) => {
      // Whoever may read a topic need not be allowed to see how it is configured.
      if (NOT_ALLOWED.includes(thrown?.kafka?.name)) return of({ cleanupPolicy: undefined });
      throw thrown;
    }),
  );
  listen(policies, stream.life, {
    next(found) {
      policy = found;
      begun();
    },
    complete() {},
  });
  return reading(context, begin, stream, {
    partitionsOf: (found) => found.partitions.map(({ partition }) => partition),
    from: (partition) => from.partitions?.get(partition) ?? from.default,
    begun(offsets) {
      partitions = offsets;
      begun();
    },
  });
};

const CLEANUP_POLICY = 'cleanup.policy';
const NOT_ALLOWED: readonly unknown[] = ['TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'];
