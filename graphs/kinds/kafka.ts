import { map, of } from 'rxjs';
import { client, type KafkaClientOptions } from '../../operators/kafka/client.ts';
import { kafkaMatches } from '../../operators/kafka/matches.ts';
import { serversOf } from '../../operators/kafka/servers.ts';
import { SluiceError } from '../../src/errors.ts';
import type { Sasl } from '../../src/kafka/sasl.ts';
import { type Guard, type Identity, nowOf, unauthorized } from '../../src/protocol/guard.ts';
import { httpFault } from '../../src/protocol/http.ts';
import { record } from '../data.ts';
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
      description:
        'what `sasl` says, under the name of a guard that gives {identity} and {credentials}: those of whom a stream is for',
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
    guards: ({ authorization }) =>
      Object.entries(record(authorization)).flatMap(([name, entry]) =>
        hasSlots(record(record(entry).credentials)) ? [name] : [],
      ),
    make: ({ options: { servers, sasl, authorization, ...rest }, guards, exit, events, scheduler }) =>
      client(exit, {
        ...rest,
        servers: serversOf(servers),
        ...(authorization === undefined ? sasl && { sasl: saslOf(sasl) } : shown(authorization, guards)),
        onRetry: events.onRetry,
        scheduler,
      }),
  }),
] as const;

type Credentials = FromSchema<typeof credentials>;

type Authorization = Readonly<Record<string, { readonly credentials: Credentials }>>;

const SLOT = /\{(identity|credentials)\}/g;

const hasSlots = (credentials: object): boolean =>
  Object.values(credentials).some((text) => typeof text === 'string' && text.search(SLOT) >= 0);

/**
 * Who brokers are shown: whom the guard of that name recognised of those whom a stream is for, and else the graph itself, as
 * far as the guard says who that is.
 *
 * @throws SluiceError OPTION_INVALID where it says less than is needed
 */
function shown(
  authorization: Authorization,
  guards: ReadonlyMap<string, Guard>,
): Pick<KafkaClientOptions, 'sasl' | 'shownFor'> {
  const [[name, { credentials }] = ['', { credentials: undefined }]] = Object.entries(authorization);
  if (credentials === undefined) return {};
  if (!hasSlots(credentials)) return { sasl: saslOf(credentials) };
  const own = guards.get(name)?.own;
  const lacking = (slot: string): never => {
    throw new SluiceError('OPTION_INVALID', `authorization needs ${slot} of the guard ${name}, which has none itself`);
  };
  const unknown = (slot: string): never => {
    throw httpFault('HTTP_FORBIDDEN', `guard ${name} does not tell the ${slot} that brokers are to be shown`);
  };
  return {
    ...(own !== undefined && { sasl: saslOf(filled(credentials, own, lacking)) }),
    shownFor(found) {
      const identity = found?.get(name);
      if (identity !== undefined) {
        const one = filled(credentials, identity, unknown);
        const token = nowOf(identity).pipe(map((now) => filled(credentials, now, unknown).token ?? ''));
        return { key: JSON.stringify(one), sasl: saslOf(one, token) };
      }
      if (own === undefined) throw unauthorized(`guard ${name} recognised nobody whom brokers could be shown`);
      return undefined;
    },
  };
}

/** Credentials with what is known of somebody filled in; what is not is told to `refuse`. */
function filled(credentials: Credentials, who: Identity, refuse: (slot: string) => never): Credentials {
  const fill = (text: string): string =>
    text.replaceAll(SLOT, (_, slot: 'identity' | 'credentials') => who[slot] ?? refuse(slot));
  const { mechanism, username, password, token } = credentials;
  return {
    mechanism,
    ...(username !== undefined && { username: fill(username) }),
    ...(password !== undefined && { password: fill(password) }),
    ...(token !== undefined && { token: fill(token) }),
  };
}

/** @param current what the token is, each time that it is needed; always the same one, by default */
function saslOf({ mechanism, username = '', password = '', token = '' }: Credentials, current = of(token)): Sasl {
  return mechanism === 'oauthbearer' ? { mechanism, token: () => current } : { mechanism, username, password };
}
