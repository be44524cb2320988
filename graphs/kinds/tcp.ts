import { tcpClient } from '../../operators/tcp/client.ts';
import { tcpMatches } from '../../operators/tcp/matches.ts';
import { tcpServer } from '../../operators/tcp/server.ts';
import type { Schema } from '../json-schema.ts';
import { kind } from '../kind.ts';
import { hosts, ports } from './fields.ts';

const when = {
  type: 'object',
  properties: {
    authority: { description: 'the name of the destination, `*` for any run of characters', type: 'string' },
    cidr: {
      description: 'a network such as "10.0.0.0/8"',
      type: 'string',
      pattern: '^[0-9a-fA-F:.]+/\\d{1,3}$',
    },
    port: ports,
  },
  additionalProperties: false,
} as const satisfies Schema;

export const tcp = [
  kind({
    type: 'tcp',
    kind: 'server',
    about: 'listens, and opens a stream for every connection',
    entry: 'none',
    exit: 'net',
    options: {
      description: 'where to listen',
      type: 'object',
      properties: { host: hosts, port: ports },
      required: ['port'],
      additionalProperties: false,
    },
    when,
    matches: tcpMatches,
    make: ({ options, exit, events, drain, scheduler }) =>
      tcpServer({ ...options, ...events, ...(drain !== undefined && { drain }) }, scheduler)(exit),
  }),
  kind({
    type: 'tcp',
    kind: 'client',
    about: 'connects for every stream, to its host and port or to where the stream asks for',
    entry: 'net',
    exit: 'none',
    options: {
      description: 'where to connect to',
      type: 'object',
      properties: { host: hosts, port: ports },
      additionalProperties: false,
    },
    when,
    matches: tcpMatches,
    make: ({ options, scheduler }) => tcpClient(options, scheduler),
  }),
] as const;
