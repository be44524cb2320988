import { catchError, map, type Observable, of, take } from 'rxjs';
import type { Cluster } from './cluster.ts';
import { type DescribeOptions, described } from './describe.ts';

const CLEANUP_POLICY = 'cleanup.policy';
const NOT_ALLOWED: readonly unknown[] = ['TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'];

/**
 * The cleanup policy of a topic, once; `undefined` where this user may not see it, since whoever may read a topic need
 * not be allowed to see how it is configured. Errors as `described` does.
 */
export const cleanupPolicyOf = (
  cluster: Cluster,
  topic: string,
  options: DescribeOptions,
): Observable<string | undefined> =>
  described(cluster, topic, [CLEANUP_POLICY], options).pipe(
    take(1),
    map((configs) => configs[CLEANUP_POLICY] ?? undefined),
    catchError((thrown) => {
      if (NOT_ALLOWED.includes(thrown?.kafka?.name)) return of(undefined);
      throw thrown;
    }),
  );
