import { of } from 'rxjs';
import { client } from '../../operators/kafka/client.ts';
import { kafkaMatches } from '../../operators/kafka/matches.ts';
import { serversOf } from '../../operators/kafka/servers.ts';
import type { Sasl } from '../../src/kafka/sasl.ts';
import { type FromSchema, implies, type Schema } from '../json-schema.ts';
import { kind } from '../kind.ts';
import { topicWhen as when } from './fields.ts';

/** What the format lets a guard fill in cannot be: there are none. */
const OURS = '^(?![\\s\\S]*\\{(identity|credentials)\\})';
const username = { description: 'the name of the user (no guard can give it)', type: 'string', pattern: OURS } as const;
const password = { description: 'the password (no guard can give it)', type: 'string', pattern: OURS } as const;
const token = { description: 'the token (no guard can give it)', type: 'string', pattern: OURS } as const;
const withPassword = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const withToken = ['oauthbearer'] as const;
const mechanism = {
  description: 'how the client shows who it is',
  type: 'string',
  enum: [...withPassword, ...withToken],
} as const;

/** Keys that belong to some mechanisms, and to no other. */
const belong = (mechanisms: readonly string[], keys: Readonly<Record<string, Schema>>): Schema =>
  implies(
    { properties: { mechanism: { enum: mechanisms } }, required: ['mechanism'] },
    { properties: { mechanism, ...keys }, required: Object.keys(keys), additionalProperties: false },
  );

const credentials = {
  description: 'how to show who it is, by SASL',
  type: 'object',
  properties: { mechanism, username, password, token },
  required: ['mechanism'],
  additionalProperties: false,
  allOf: [belong(withPassword, { username, password }), belong(withToken, { token })],
} as const satisfies Schema;

const server = '(\\[[0-9a-fA-F:.]+\\]|[^\\s:,]+):\\d{1,5}';

const options = {
  description: 'where the cluster is, and how to show who one is',
  type: 'object',
  properties: {
    servers: {
      description: 'some brokers of the cluster',
      type: 'array',
      minItems: 1,
      items: {
        description: 'host:port, or several with commas between',
        type: 'string',
        pattern: `^\\s*${server}(\\s*,\\s*${server})*\\s*$`,
      },
    },
    sasl: credentials,
    authorization: {
      description: 'what `sasl` says, under a name',
      type: 'object',
      maxProperties: 1,
      additionalProperties: {
        type: 'object',
        properties: { credentials },
        required: ['credentials'],
        additionalProperties: false,
      },
    },
    compression: {
      description: 'how what is produced is compressed, `none` by default',
      type: 'string',
      enum: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    },
  },
  required: ['servers'],
  additionalProperties: false,
  // Who it is can be said in one way only.
  allOf: [
    implies(
      { required: ['sasl'] },
      { properties: { servers: {}, sasl: {}, compression: {} }, additionalProperties: false },
    ),
  ],
} as const satisfies Schema;

export const kafka = [
  kind({
    type: 'kafka',
    kind: 'client',
    about: 'reads and writes the topics of a cluster; one client for each exit',
    entry: 'kafka',
    exit: 'net',
    options,
    when,
    matches: kafkaMatches,
    routed: 'entry',
    make: ({ options: { servers, sasl, authorization, ...rest }, exit, events, scheduler }) => {
      const shown = saslOf(sasl, authorization);
      return client(exit, {
        ...rest,
        servers: serversOf(servers),
        ...(shown !== undefined && { sasl: shown }),
        onRetry: events.onRetry,
        ...(scheduler !== undefined && { scheduler }),
      });
    },
  }),
] as const;

type Credentials = FromSchema<typeof credentials>;

/** Of the two ways to write it, the one that is there. */
function saslOf(
  sasl: Credentials | undefined,
  authorization: Readonly<Record<string, { readonly credentials: Credentials }>> = {},
): Sasl | undefined {
  const [given = sasl] = Object.values(authorization).map(({ credentials }) => credentials);
  if (given === undefined) return undefined;
  const { mechanism, username = '', password = '', token = '' } = given;
  return mechanism === 'oauthbearer' ? { mechanism, token: () => of(token) } : { mechanism, username, password };
}
