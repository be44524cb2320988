import type { Schema } from '../json-schema.ts';

/** A host or several. */
export const hosts = {
  description: 'a host or address, or a list of them',
  anyOf: [{ type: 'string' }, { type: 'array', minItems: 1, items: { type: 'string' } }],
} as const satisfies Schema;

const port = [
  { type: 'integer', minimum: 0, maximum: 65535 },
  { type: 'string', pattern: '^\\d{1,5}(-\\d{1,5})?$' },
] as const satisfies Schema[];

/** Ports. */
export const ports = {
  description: 'a port from 0 to 65535, a range such as "9092-9094", or a list of them',
  anyOf: [
    ...port,
    {
      type: 'array',
      minItems: 1,
      items: { description: 'a port from 0 to 65535, or a range such as "9092-9094"', anyOf: port },
    },
  ],
} as const satisfies Schema;

/** A list of words. */
export const strings = { type: 'array', items: { type: 'string' } } as const satisfies Schema;

/** The conditions of a route by topic. */
export const topicWhen = {
  type: 'object',
  properties: {
    topic: { description: 'the name of the topic, `*` for any run of characters', type: 'string' },
  },
  additionalProperties: false,
} as const satisfies Schema;

/** Which records are asked for: what any of the filters accepts. Keys and headers may hold expressions. */
export const filters = {
  description: 'what records are asked for, of which each must meet one of these',
  type: 'array',
  items: {
    description: 'a key and headers, all of which a record must have',
    type: 'object',
    properties: {
      key: { description: 'the key of a record, params and identities filled in', type: 'string' },
      headers: {
        description: 'headers by name',
        type: 'object',
        additionalProperties: { description: 'a value, params and identities filled in', type: 'string' },
      },
    },
    additionalProperties: false,
  },
} as const satisfies Schema;
