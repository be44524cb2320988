import { httpKafkaProxy } from '../../operators/http-kafka/proxy.ts';
import type { HttpKafkaFetch, HttpKafkaProduce } from '../../operators/http-kafka/routes.ts';
import { type FromSchema, implies, type Schema } from '../json-schema.ts';
import { kind } from '../kind.ts';
import { filters } from './fields.ts';

const when = {
  type: 'object',
  properties: {
    path: {
      description: 'the path of a request: `{name}` for a param, `*` for any run of characters',
      type: 'string',
      pattern: '^/',
    },
    method: { description: 'the method of a request', type: 'string' },
  },
  additionalProperties: false,
} as const satisfies Schema;

const text = { type: 'string' } as const;

const read = {
  capability: { description: 'whether topics are read or written', type: 'string', enum: ['fetch', 'produce'] },
  topic: { ...text, description: 'the topic that is read or written, params and identities filled in' },
  filters,
  merge: {
    description: 'how records become one answer; without it, the newest is the answer',
    type: 'object',
    properties: {
      'content-type': { description: 'what the answer is', type: 'string', enum: ['application/json'] },
      patch: {
        description: 'what the answer begins with, and where a record goes',
        type: 'object',
        properties: {
          initial: { description: 'an empty array', type: 'string', enum: ['[]'] },
          path: { description: 'the end of it', type: 'string', enum: ['/-'] },
        },
        required: ['initial', 'path'],
        additionalProperties: false,
      },
    },
    required: ['content-type'],
    additionalProperties: false,
  },
} as const satisfies Record<string, Schema>;

const written = {
  capability: read.capability,
  topic: read.topic,
  acks: {
    description: 'how many replicas have a request before it is answered, `in_sync_replicas` by default',
    type: 'string',
    enum: ['none', 'leader_only', 'in_sync_replicas'],
  },
  key: { ...text, description: 'the key of its record, params, identities and the idempotency key filled in' },
  overrides: {
    description: 'more headers of its record, by name',
    type: 'object',
    additionalProperties: { ...text, description: 'a value, filled in as the key is' },
  },
  'reply-to': { ...text, description: 'the topic whose records answer requests' },
  'correlation-id': { ...text, description: 'the name of the header that a reply has to bring back' },
  async: {
    description: 'headers that tell where an answer will be, by name',
    type: 'object',
    additionalProperties: { ...text, description: 'a value with `correlationId` in it, filled in as the key is' },
  },
} as const satisfies Record<string, Schema>;

const made = {
  description: 'what becomes of a request',
  type: 'object',
  properties: { ...read, ...written },
  required: ['capability', 'topic'],
  additionalProperties: false,
  allOf: [
    implies({ properties: { capability: { const: 'fetch' } } }, { properties: read, additionalProperties: false }),
    implies({ properties: { capability: { const: 'produce' } } }, { properties: written, additionalProperties: false }),
    implies({ required: ['async'] }, { required: ['reply-to'] }),
  ],
} as const satisfies Schema;

export const httpKafka = [
  kind({
    type: 'http-kafka',
    kind: 'proxy',
    about: 'serves topics over HTTP, and makes requests records of topics',
    entry: 'http',
    exit: 'kafka',
    options: {
      description: 'how headers are named',
      type: 'object',
      properties: {
        idempotency: {
          description: 'what says that two requests are the same one',
          type: 'object',
          properties: {
            header: { ...text, description: 'the header of a request, `idempotency-key` by default' },
          },
          required: ['header'],
          additionalProperties: false,
        },
        correlation: {
          description: 'what relates requests and replies',
          type: 'object',
          properties: {
            headers: {
              description: 'headers of records',
              type: 'object',
              properties: {
                'reply-to': {
                  ...text,
                  description: 'the one that says where to reply to, `zilla:reply-to` by default',
                },
                'correlation-id': {
                  ...text,
                  description: 'the one that says what is replied to, `zilla:correlation-id` by default',
                },
              },
              additionalProperties: false,
            },
          },
          required: ['headers'],
          additionalProperties: false,
        },
      },
      additionalProperties: false,
    },
    when,
    with: made,
    routed: 'itself',
    rules: {
      properties: {
        routes: { minItems: 1 },
        exit: { unsupported: 'its routes say where they lead' },
      },
      required: ['routes'],
    },
    make: ({ options: { idempotency, correlation: { headers: names = {} } = {} }, routes, scheduler }) =>
      httpKafkaProxy(
        {
          routes: routes.map(({ when, with: given, exit }) => ({
            when,
            with: withOf(given as FromSchema<typeof made>),
            exit,
          })),
          headers: {
            ...(idempotency && { idempotencyKey: idempotency.header }),
            ...(names['reply-to'] !== undefined && { replyTo: names['reply-to'] }),
            ...(names['correlation-id'] !== undefined && { correlationId: names['correlation-id'] }),
          },
        },
        scheduler,
      ),
  }),
] as const;

const ACKS = { none: 'none', leader_only: 'leader', in_sync_replicas: 'all' } as const;

/** A `with` in our words. */
function withOf(given: FromSchema<typeof made>): HttpKafkaFetch | HttpKafkaProduce {
  const { capability, topic, filters, merge, acks, key, overrides, async } = given;
  if (capability === 'fetch') {
    return {
      capability,
      topic,
      ...(filters && { filters }),
      ...(merge && { merge: { contentType: merge['content-type'] } }),
    };
  }
  const { 'reply-to': replyTo, 'correlation-id': correlationId } = given;
  return {
    capability,
    topic,
    ...(acks && { acks: ACKS[acks] }),
    ...(key !== undefined && { key }),
    ...(overrides && { overrides }),
    ...(replyTo !== undefined && { replyTo }),
    ...(correlationId !== undefined && { correlationId }),
    ...(async && { async }),
  };
}
