import { cacheClient } from '../../operators/kafka/cache-client.ts';
import { cacheServer } from '../../operators/kafka/cache-server.ts';
import { kafkaMatches } from '../../operators/kafka/matches.ts';
import type { Schema } from '../json-schema.ts';
import { kind } from '../kind.ts';
import { strings, topicWhen } from './fields.ts';

const model = { description: 'how bytes are checked and converted', unsupported: 'it has no models yet' } as const;

const topic = {
  description: 'what is particular to a topic',
  type: 'object',
  properties: {
    name: { description: 'the name of the topic', type: 'string' },
    defaultOffset: {
      description: 'where its cache begins, if it is not compacted: `historical`, the default, or `live`',
      type: 'string',
      enum: ['historical', 'live'],
    },
    deltaType: { description: 'how changes are told: `none`, as whole records', type: 'string', enum: ['none'] },
    key: model,
    value: model,
    transforms: { description: 'what is taken from a record', unsupported: 'it has no models yet' },
  },
  required: ['name'],
  additionalProperties: false,
} as const satisfies Schema;

export const kafkaCache = [
  kind({
    type: 'kafka',
    kind: 'cache_client',
    about:
      'serves any number of readers from the caches that its exits keep, and stages what is produced; one for each exit',
    entry: 'kafka',
    exit: 'kafka',
    options: {
      description: 'what is served',
      type: 'object',
      properties: { topics: { description: 'what is particular to topics', type: 'array', items: topic } },
      additionalProperties: false,
    },
    when: topicWhen,
    matches: kafkaMatches,
    routed: 'entry',
    make: ({ dir, exit, scheduler }) => cacheClient(exit, { dir, scheduler }),
  }),
  kind({
    type: 'kafka',
    kind: 'cache_server',
    about: 'keeps topics in a persistent cache on this machine, level with what its exit reaches',
    entry: 'kafka',
    exit: 'kafka',
    options: {
      description: 'what is cached',
      type: 'object',
      properties: {
        bootstrap: { ...strings, description: 'the topics that are kept fresh though nobody reads them' },
        topics: { description: 'what is particular to topics', type: 'array', items: topic },
      },
      additionalProperties: false,
    },
    when: topicWhen,
    matches: kafkaMatches,
    runs: ({ bootstrap = [] }) => bootstrap.length > 0,
    make: ({ options: { bootstrap, topics }, dir, exit, events, scheduler }) => {
      const ready = new Set<string>();
      return cacheServer(exit, {
        dir,
        ...(bootstrap !== undefined && { bootstrap }),
        ...(topics !== undefined && { topics }),
        scheduler,
        notify: events.onCache,
        onRetry: events.onRetry,
        onWarmth({ topic, isReady }) {
          if (!isReady || ready.has(topic)) return;
          ready.add(topic);
          events.onReady(topic);
        },
      });
    },
  }),
] as const;
