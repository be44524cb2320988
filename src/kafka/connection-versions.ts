import { KafkaError } from '../protocol/kafka-error.ts';
import { kafkaFault, NONE } from './kafka-errors.ts';
import type { Answer, Api } from './requests/api.ts';
import type { ApiVersionsAnswer, Versions } from './requests/api-versions.ts';
import { fetch } from './requests/fetch.ts';

/** Fetch by topic id came with Kafka 3.1; nothing else tells a broker's age. */
const SINCE_3_1 = 13;

/** What a broker speaks. @throws KafkaError KAFKA_TOO_OLD, KAFKA_ERROR */
export function versionsOf({ error, versions }: ApiVersionsAnswer): Versions {
  const fetches = versions.get(fetch.key);
  if (fetches === undefined || fetches[1] < SINCE_3_1) {
    if (error !== NONE) throw kafkaFault(error);
    const speaks = fetches === undefined ? 'no Fetch' : `Fetch up to v${fetches[1]}`;
    throw new KafkaError(
      'KAFKA_TOO_OLD',
      `it is older than Kafka 3.1, the oldest that is supported: it speaks ${speaks}`,
    );
  }
  return versions;
}

/** The newest version of an api that both speak. @throws KafkaError KAFKA_VERSION */
export function negotiated<Q, R extends Answer>(
  { key, name, versions: [min, max] }: Api<Q, R>,
  spoken: Versions,
): number {
  const [least, most] = spoken.get(key) ?? [0, -1];
  const version = Math.min(max, most);
  if (version >= Math.max(min, least)) return version;
  const speaks = most < 0 ? 'not at all' : `v${least} to v${most}`;
  throw new KafkaError('KAFKA_VERSION', `the broker speaks ${name} ${speaks}, this client v${min} to v${max}`);
}
