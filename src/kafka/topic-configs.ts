import { map, type Observable } from 'rxjs';
import type { Description } from '../protocol/kafka.ts';
import { CLEANUP_POLICY, cleanupPolicy, MAX_MESSAGE_BYTES, maxMessageBytes } from '../protocol/kafka-states.ts';
import type { Cluster } from './cluster.ts';
import { type DescribeOptions, described } from './describe.ts';

/** The cleanup policy of a topic, once; `undefined` where this user may not see it. Errors as `described` does. */
export const cleanupPolicyOf = (
  cluster: Cluster,
  topic: string,
  options: DescribeOptions,
): Observable<string | undefined> => cleanupPolicy(describing(cluster, topic, CLEANUP_POLICY, options));

/** The most bytes of a batch of a topic, as `cleanupPolicyOf`; again when it changes. */
export const maxMessageBytesOf = (
  cluster: Cluster,
  topic: string,
  options: DescribeOptions,
): Observable<number | undefined> => maxMessageBytes(describing(cluster, topic, MAX_MESSAGE_BYTES, options));

const describing = (
  cluster: Cluster,
  topic: string,
  config: string,
  options: DescribeOptions,
): Observable<Description> => described(cluster, topic, [config], options).pipe(map((configs) => ({ configs })));
