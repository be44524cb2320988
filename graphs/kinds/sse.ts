import { sseMatches } from '../../operators/sse/matches.ts';
import { sseServer } from '../../operators/sse/server.ts';
import type { Schema } from '../json-schema.ts';
import { kind } from '../kind.ts';

const when = {
  type: 'object',
  properties: {
    path: { description: 'the path without the query, `*` for any run of characters', type: 'string' },
  },
  additionalProperties: false,
} as const satisfies Schema;

const options = {
  description: 'what clients are told',
  type: 'object',
  properties: {
    retry: {
      description: 'milliseconds before a client that lost its connection comes back, 2000 by default',
      type: 'integer',
      minimum: 1,
    },
    requests: {
      description: 'what events must look like',
      type: 'array',
      unsupported: 'it has no models yet',
    },
  },
  additionalProperties: false,
} as const satisfies Schema;

export const sse = [
  kind({
    type: 'sse',
    kind: 'server',
    about: 'sends events to clients that listen, as text/event-stream',
    entry: 'http',
    exit: 'sse',
    options,
    when,
    matches: sseMatches,
    make: ({ options: { retry }, exit, events, scheduler }) =>
      sseServer({ ...(retry && { retry }), onDefect: events.onDefect }, scheduler)(exit),
  }),
] as const;
