import { SluiceError } from '../errors.ts';

/** What a topic's configuration says of how long its records are kept. Times are in milliseconds, sizes in bytes. */
export interface TopicConfig {
  /** Whether only the newest record of each key is kept in the end. */
  readonly isCompacted: boolean;
  /** Whether records are deleted when they are old or too many. */
  readonly isDeleted: boolean;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /** How long a tombstone is kept once it is all that is left of its key. */
  readonly deleteRetentionMs: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  /** Above which share of records that were never cleaned, in bytes, a log is cleaned. */
  readonly minCleanableDirtyRatio: number;
}

const POLICY = 'cleanup.policy';

/** Kafka's names, with Kafka's defaults. */
export const CONFIG_DEFAULTS = {
  [POLICY]: 'delete',
  'retention.ms': '604800000',
  'retention.bytes': '-1',
  'delete.retention.ms': '86400000',
  'min.compaction.lag.ms': '0',
  'max.compaction.lag.ms': '9223372036854775807',
  'min.cleanable.dirty.ratio': '0.5',
} as const;

/** The names of what is asked for. */
export const TOPIC_CONFIGS: readonly string[] = Object.keys(CONFIG_DEFAULTS);

/**
 * A topic's configuration, of values as Kafka's tools show them; what is not there has Kafka's default. Whatever has no
 * limit is `Infinity`.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function topicConfig(values: Readonly<Record<string, string | null>>): TopicConfig {
  const limit = (name: keyof typeof CONFIG_DEFAULTS): number => {
    const value = number(name);
    return value === -1 ? Number.POSITIVE_INFINITY : value;
  };
  const number = (name: keyof typeof CONFIG_DEFAULTS): number => {
    const text = (values[name] ?? CONFIG_DEFAULTS[name]).trim();
    const value = text === '' ? Number.NaN : Number(text);
    if (!(value >= 0 || value === -1)) throw invalid(name, text);
    return value;
  };
  const policies = (values[POLICY] ?? CONFIG_DEFAULTS[POLICY]).split(',').map((policy) => policy.trim());
  for (const policy of policies)
    if (policy !== 'compact' && policy !== 'delete' && policy !== '') throw invalid(POLICY, policy);
  return {
    isCompacted: policies.includes('compact'),
    isDeleted: policies.includes('delete'),
    retentionMs: limit('retention.ms'),
    retentionBytes: limit('retention.bytes'),
    deleteRetentionMs: number('delete.retention.ms'),
    minCompactionLagMs: number('min.compaction.lag.ms'),
    maxCompactionLagMs: number('max.compaction.lag.ms'),
    minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
  };
}

const invalid = (name: string, value: string): SluiceError =>
  new SluiceError('OPTION_INVALID', `${name} cannot be ${value === '' ? 'empty' : value}`);
