import { map, type Observable } from 'rxjs';
import { CLEANUP_POLICY, cleanupPolicy } from '../protocol/kafka-states.ts';
import type { Cluster } from './cluster.ts';
import { type DescribeOptions, described } from './describe.ts';

/** The cleanup policy of a topic, once; `undefined` where this user may not see it. Errors as `described` does. */
export const cleanupPolicyOf = (
  cluster: Cluster,
  topic: string,
  options: DescribeOptions,
): Observable<string | undefined> =>
  cleanupPolicy(described(cluster, topic, [CLEANUP_POLICY], options).pipe(map((configs) => ({ configs }))));
