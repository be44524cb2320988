import { SluiceError } from '../../errors.ts';
import { DEFAULT_MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES } from '../../protocol/kafka-states.ts';
import { CONFIG_DEFAULTS, topicConfig } from '../topic-config.ts';

/** Kafka's names of what can be configured of a topic of an embedded log, with Kafka's defaults. */
export const EMBEDDED_CONFIGS = { ...CONFIG_DEFAULTS, [MAX_MESSAGE_BYTES]: `${DEFAULT_MAX_MESSAGE_BYTES}` } as const;

export type EmbeddedConfigName = keyof typeof EMBEDDED_CONFIGS;

export interface EmbeddedTopicOptions {
  /** As Kafka takes it: up to 249 letters of ASCII, digits, `.`, `_` and `-`. */
  readonly name: string;
  /** How many it has: an integer >= 1, by default as many as there are, else 1. There can be more later, never fewer. */
  readonly partitions?: number;
  /** By Kafka's names; what is not there has Kafka's default. */
  readonly config?: { readonly [name in EmbeddedConfigName]?: string | number };
}

/** All of a topic's configuration. */
export type Configs = Readonly<Record<EmbeddedConfigName, string>>;

/** The topics by name. @throws SluiceError OPTION_INVALID */
export function topicsByName(topics: readonly EmbeddedTopicOptions[]): ReadonlyMap<string, EmbeddedTopicOptions> {
  const found = new Map<string, EmbeddedTopicOptions>();
  for (const topic of topics) {
    const { name, partitions = 1 } = topic;
    if (!NAME.test(name) || name === '.' || name === '..') throw invalid(name, 'Kafka lets no topic have that name');
    if (found.has(name)) throw invalid(name, 'it stands there twice');
    if (!Number.isSafeInteger(partitions) || partitions < 1)
      throw invalid(name, `partitions must be an integer >= 1, not ${partitions}`);
    configsOf(topic);
    found.set(name, topic);
  }
  return found;
}

const NAME = /^[a-zA-Z0-9._-]{1,249}$/;

/** What is configured of a topic, with the defaults. @throws SluiceError OPTION_INVALID */
export function configsOf({ name, config = {} }: EmbeddedTopicOptions): Configs {
  const unknown = Object.keys(config).find((key) => !Object.hasOwn(EMBEDDED_CONFIGS, key));
  if (unknown !== undefined) throw invalid(name, `${unknown} is none of ${Object.keys(EMBEDDED_CONFIGS).join(', ')}`);
  const configs: Configs = {
    ...EMBEDDED_CONFIGS,
    ...Object.fromEntries(Object.entries(config).map(([key, value]) => [key, `${value}`])),
  };
  try {
    topicConfig(configs);
  } catch (thrown) {
    throw thrown instanceof SluiceError ? invalid(name, thrown.message.replace(`${thrown.code}: `, '')) : thrown;
  }
  if (!(maxMessageBytes(configs) >= 1))
    throw invalid(name, `${MAX_MESSAGE_BYTES} must be an integer >= 1, not ${configs[MAX_MESSAGE_BYTES]}`);
  return configs;
}

/** The most bytes of a batch, and so of a record; NaN if that is no integer. */
export function maxMessageBytes(configs: Readonly<Record<string, string | null>>): number {
  const bytes = Number(configs[MAX_MESSAGE_BYTES] ?? DEFAULT_MAX_MESSAGE_BYTES);
  return Number.isSafeInteger(bytes) ? bytes : Number.NaN;
}

const invalid = (name: string, why: string): SluiceError => new SluiceError('OPTION_INVALID', `topics ${name}: ${why}`);
