import { embedded } from '../../operators/kafka/embedded.ts';
import { kafkaMatches } from '../../operators/kafka/matches.ts';
import type { Schema } from '../json-schema.ts';
import { kind } from '../kind.ts';
import { topicWhen } from './fields.ts';

const value = (description: string) =>
  ({
    description,
    anyOf: [{ type: 'number' }, { type: 'string', pattern: '^\\s*-?\\d+(\\.\\d+)?\\s*$' }],
  }) as const satisfies Schema;

const config = {
  description: "the topic's configuration, by Kafka's names",
  type: 'object',
  properties: {
    'cleanup.policy': {
      description: '`delete`, the default, `compact`, or both with a comma between',
      type: 'string',
      pattern: '^\\s*(compact|delete)\\s*(,\\s*(compact|delete)\\s*)?$',
    },
    'retention.ms': value('how long records are kept, in milliseconds; -1 for ever'),
    'retention.bytes': value('how many bytes of a partition are kept; -1 for any number'),
    'delete.retention.ms': value('how long a tombstone is kept, in milliseconds'),
    'min.compaction.lag.ms': value('how long a record is kept before it may be compacted, in milliseconds'),
    'max.compaction.lag.ms': value('how long a record may wait to be compacted, in milliseconds'),
    'min.cleanable.dirty.ratio': value('above which share of new records a partition is compacted'),
    'max.message.bytes': value('the most bytes of a batch, and so of a record'),
  },
  additionalProperties: false,
} as const satisfies Schema;

const topic = {
  description: 'a topic',
  type: 'object',
  properties: {
    name: { description: 'the name of the topic', type: 'string', pattern: '^(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,249}$' },
    partitions: { description: 'how many partitions it has, 1 by default', type: 'integer', minimum: 1 },
    config,
  },
  required: ['name'],
  additionalProperties: false,
} as const satisfies Schema;

export const kafkaEmbedded = [
  kind({
    type: 'kafka',
    kind: 'embedded',
    about: "a topic log on this machine's disk, without a broker",
    entry: 'kafka',
    exit: 'none',
    options: {
      description: 'what the log holds',
      type: 'object',
      properties: { topics: { description: 'the topics that there are', type: 'array', minItems: 1, items: topic } },
      required: ['topics'],
      additionalProperties: false,
    },
    when: topicWhen,
    matches: kafkaMatches,
    make: ({ options: { topics }, dir, events, scheduler }) =>
      embedded({ dir, topics, notify: events.onCache, scheduler }),
  }),
] as const;
