import { of } from 'rxjs';
import { client } from '../../operators/kafka/client.ts';
import { kafkaMatches } from '../../operators/kafka/matches.ts';
import { serversOf } from '../../operators/kafka/servers.ts';
import { SluiceError } from '../../src/errors.ts';
import type { Sasl } from '../../src/kafka/sasl.ts';
import type { Guard } from '../../src/protocol/guard.ts';
import { type FromSchema, implies, type Schema } from '../json-schema.ts';
import { kind } from '../kind.ts';
import { topicWhen as when } from './fields.ts';

const username = { description: 'the name of the user', type: 'string' } as const;
const password = { description: 'the password', type: 'string' } as const;
const token = { description: 'the token', type: 'string' } as const;
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
      description: 'what `sasl` says, under the name of a guard that gives {identity} and {credentials}',
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
    guards: ({ authorization = {} }) =>
      Object.entries(authorization).flatMap(([name, { credentials }]) => (hasSlots(credentials) ? [name] : [])),
    make: ({ options: { servers, sasl, authorization, ...rest }, guards, exit, events, scheduler }) => {
      const shown = saslOf(sasl ?? given(authorization, guards));
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

type Authorization = Readonly<Record<string, { readonly credentials: Credentials }>>;

const SLOT = /\{(identity|credentials)\}/g;

const hasSlots = (credentials: Credentials): boolean =>
  Object.values(credentials).some((text) => text.search(SLOT) >= 0);

/**
 * The credentials under a name, with what its guard says of this graph itself filled in.
 *
 * @throws SluiceError OPTION_INVALID where it says nothing: whom it recognises is not passed on to a broker
 */
function given(authorization: Authorization = {}, guards: ReadonlyMap<string, Guard>): Credentials | undefined {
  const [[name = '', { credentials } = { credentials: undefined }] = []] = Object.entries(authorization);
  if (credentials === undefined || !hasSlots(credentials)) return credentials;
  const own = guards.get(name)?.own;
  const filled = (text: string | undefined): string | undefined =>
    text?.replaceAll(SLOT, (_, slot: 'identity' | 'credentials') => {
      const value = own?.[slot];
      if (value !== undefined) return value;
      throw new SluiceError(
        'OPTION_INVALID',
        `authorization needs ${slot} of the guard ${name}, which has none itself`,
      );
    });
  const { mechanism, username, password, token } = credentials;
  return {
    mechanism,
    ...(username !== undefined && { username: filled(username) as string }),
    ...(password !== undefined && { password: filled(password) as string }),
    ...(token !== undefined && { token: filled(token) as string }),
  };
}

function saslOf(credentials: Credentials | undefined): Sasl | undefined {
  if (credentials === undefined) return undefined;
  const { mechanism, username = '', password = '', token = '' } = credentials;
  return mechanism === 'oauthbearer' ? { mechanism, token: () => of(token) } : { mechanism, username, password };
}
