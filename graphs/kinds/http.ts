import type { AccessControl } from '../../operators/http/access-control.ts';
import type { Credentials } from '../../operators/http/identified.ts';
import { httpMatches } from '../../operators/http/matches.ts';
import { httpServer } from '../../operators/http/server.ts';
import type { Guard } from '../../src/protocol/guard.ts';
import { record } from '../data.ts';
import type { FromSchema, Schema } from '../json-schema.ts';
import { kind, type Warning } from '../kind.ts';
import { strings } from './fields.ts';

const texts = { type: 'object', additionalProperties: { type: 'string' } } as const satisfies Schema;

const when = {
  type: 'object',
  properties: {
    headers: { ...texts, description: 'headers by name, `:path` and the like included, `*` for any run of characters' },
  },
  additionalProperties: false,
} as const satisfies Schema;

const access = {
  description: 'which pages may ask, by the origin that they come from',
  type: 'object',
  properties: {
    policy: {
      description: 'whether only pages of this server, or also those of other origins',
      type: 'string',
      enum: ['same-origin', 'cross-origin'],
    },
    allow: {
      description: 'what pages of other origins may do, everything by default',
      type: 'object',
      properties: {
        origins: { ...strings, description: 'the origins that may ask, such as "https://example.org"' },
        methods: { ...strings, description: 'the methods that they may use' },
        headers: { ...strings, description: 'the headers that they may send' },
        credentials: { description: 'whether pages of `origins` may bring cookies and the like', type: 'boolean' },
      },
      additionalProperties: false,
    },
    'max-age': { description: 'seconds for which a browser may remember it', type: 'integer', minimum: 0 },
    expose: {
      description: 'what pages of other origins may see of an answer',
      type: 'object',
      properties: { headers: { ...strings, description: 'the headers that they may see, all by default' } },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
} as const satisfies Schema;

/** What stands in a place, such as `Bearer {credentials}`. */
const forms = {
  type: 'object',
  additionalProperties: {
    description: 'what stands there, with {credentials} once',
    type: 'string',
    pattern: '^(?!.*\\{credentials\\}.*\\{credentials\\}).*\\{credentials\\}',
  },
} as const satisfies Schema;

const places = {
  description: 'where they may be; the first place that has any counts',
  type: 'object',
  properties: {
    headers: { ...forms, description: 'headers by name' },
    query: { ...forms, description: 'parameters of the query by name' },
    cookies: { ...forms, description: 'cookies by name' },
  },
  additionalProperties: false,
} as const satisfies Schema;

const options = {
  description: 'how it is spoken, and with whom',
  type: 'object',
  properties: {
    versions: {
      description: 'the versions that are spoken, both by default',
      type: 'array',
      minItems: 1,
      items: { type: 'string', enum: ['http/1.1', 'h2'] },
    },
    'access-control': access,
    authorization: {
      description: 'where guards find the credentials of a request, by their names',
      type: 'object',
      additionalProperties: {
        type: 'object',
        properties: { credentials: places },
        required: ['credentials'],
        additionalProperties: false,
      },
    },
    overrides: {
      description: 'headers to set',
      type: 'object',
      unsupported: 'headers cannot be overridden yet',
    },
    requests: {
      description: 'what requests and answers must look like',
      type: 'array',
      unsupported: 'it has no models yet',
    },
  },
  additionalProperties: false,
} as const satisfies Schema;

export const http = [
  kind({
    type: 'http',
    kind: 'server',
    about: 'speaks HTTP, and opens a stream for every request',
    entry: 'net',
    exit: 'http',
    options,
    when,
    matches: httpMatches,
    guards: ({ authorization }) => Object.keys(record(authorization)),
    recognises: true,
    warnings: ({ 'access-control': { allow = {} } = {} }) =>
      allow.credentials === true && allow.origins === undefined ? [OF_NO_ORIGIN] : [],
    make: ({ options: { versions, authorization, 'access-control': access }, guards, exit, events, scheduler }) =>
      httpServer(
        {
          ...(versions && { versions }),
          ...(access && { accessControl: accessOf(access) }),
          ...(authorization && { authorization: credentialsOf(authorization, guards) }),
          onDefect: events.onDefect,
          onFault: events.onFault,
        },
        scheduler,
      )(exit),
  }),
] as const;

function credentialsOf(
  authorization: Readonly<Record<string, { readonly credentials: FromSchema<typeof places> }>>,
  guards: ReadonlyMap<string, Guard>,
): Credentials {
  // A guard that its options kept from being made is a mistake that is told already.
  const found = Object.entries(authorization).flatMap(([name, { credentials }]) => {
    const guard = guards.get(name);
    return guard === undefined ? [] : [[name, { guard, credentials }] as const];
  });
  return Object.fromEntries(found);
}

const OF_NO_ORIGIN: Warning = {
  code: 'CONFIG_CREDENTIALS',
  pointer: '/access-control/allow/credentials',
  message: 'no origin is named whose pages may bring credentials, and so none may',
  suggestion: 'name them in `origins`',
};

function accessOf({
  policy = 'same-origin',
  allow: { origins, credentials = false, ...others } = {},
  'max-age': maxAge,
  expose,
}: FromSchema<typeof access>): AccessControl {
  return {
    policy,
    allow: { ...others, ...(origins !== undefined && { origins, credentials }) },
    ...(maxAge !== undefined && { maxAge }),
    ...(expose !== undefined && { expose }),
  };
}
