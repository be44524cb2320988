import { sseKafkaProxy } from '../../operators/sse-kafka/proxy.ts';
import type { Schema } from '../json-schema.ts';
import { kind } from '../kind.ts';
import { filters } from './fields.ts';

const when = {
  type: 'object',
  properties: {
    path: {
      description: 'the path without the query: `{name}` for a param, `*` for any run of characters',
      type: 'string',
    },
  },
  additionalProperties: false,
} as const satisfies Schema;

const made = {
  description: 'what a client is sent',
  type: 'object',
  properties: {
    topic: { description: 'the topic, params and identities filled in', type: 'string' },
    filters,
    event: {
      description: 'what events look like',
      type: 'object',
      properties: {
        id: {
          description: 'what an id has beside how far its client is: the tag of the record, or its key, too',
          type: 'string',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how the format writes them
          enum: ['${etag}', '["${base64(key)}","${etag}"]'],
        },
      },
      additionalProperties: false,
    },
  },
  required: ['topic'],
  additionalProperties: false,
} as const satisfies Schema;

export const sseKafka = [
  kind({
    type: 'sse-kafka',
    kind: 'proxy',
    about: 'sends the records of topics to clients that listen',
    entry: 'sse',
    exit: 'kafka',
    when,
    with: made,
    routed: 'itself',
    make: ({ routes, exit, scheduler }) => {
      // Each has one: a topic is required.
      const led = routes.flatMap(({ with: made, ...rest }) => (made === undefined ? [] : [{ ...rest, with: made }]));
      return sseKafkaProxy({ routes: led }, scheduler)(exit);
    },
  }),
] as const;
