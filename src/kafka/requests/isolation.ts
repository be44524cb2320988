import type { Isolation } from '../../protocol/kafka.ts';

/** The number that Kafka's requests have for an isolation. */
export const isolationLevel = (isolation: Isolation): number => (isolation === 'read_committed' ? 1 : 0);
