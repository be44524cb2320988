import { tlsClient } from '../../operators/tls/client.ts';
import { tlsMatches } from '../../operators/tls/matches.ts';
import { tlsServer } from '../../operators/tls/server.ts';
import type { Vault } from '../../src/net/vault.ts';
import { implies, type Schema } from '../json-schema.ts';
import { kind } from '../kind.ts';
import { ports, strings } from './fields.ts';

const version = {
  description: 'the one version to speak, or `TLS` for either',
  type: 'string',
  enum: ['TLS', 'TLSv1.2', 'TLSv1.3'],
} as const;
const keys = { ...strings, description: 'the entries of the vault to prove itself with' } as const;
const trust = { ...strings, description: 'the entries of the vault to trust' } as const;
const signers = { ...strings, description: 'the entries of the vault one of which must have signed the key' } as const;
const trustcacerts = { description: 'whether to trust the public certificate authorities', type: 'boolean' } as const;
const alpn = { ...strings, description: 'the application protocols to agree on, the preferred one first' } as const;
const authorization = {
  description: 'identities from client certificates',
  type: 'object',
  unsupported: 'it has no guards yet',
} as const;

const when = {
  type: 'object',
  properties: {
    authority: { description: 'the host that was asked for, `*` for any run of characters', type: 'string' },
    alpn: { description: 'the application protocol that was agreed on', type: 'string' },
    port: ports,
    trust: { ...strings, unsupported: 'a condition cannot ask who signed a certificate yet' },
    mutual: { type: 'string', unsupported: 'a condition cannot ask for a client certificate yet' },
  },
  additionalProperties: false,
} as const satisfies Schema;

/** Whatever names entries needs a vault to find them in. */
const rules = implies(
  {
    required: ['options'],
    properties: { options: { anyOf: [{ required: ['keys'] }, { required: ['trust'] }, { required: ['signers'] }] } },
  },
  { properties: { vault: { description: 'the name of the vault its entries are in' } }, required: ['vault'] },
);

const common = { version, keys, signers, trust, trustcacerts, alpn, authorization } as const;

export const tls = [
  kind({
    type: 'tls',
    kind: 'server',
    about: 'ends TLS: what it takes is encrypted, what it opens is plain',
    entry: 'net',
    exit: 'net',
    vault: true,
    options: {
      description: 'how to prove itself, and whom to trust',
      type: 'object',
      properties: {
        ...common,
        sni: { ...strings, description: 'the hosts it answers for' },
        mutual: {
          description: 'whether clients must show a certificate, may, or are not asked',
          type: 'string',
          enum: ['required', 'requested', 'none'],
        },
      },
      additionalProperties: false,
    },
    when,
    rules,
    matches: tlsMatches,
    make: ({ options, vault, exit, scheduler }) => tlsServer({ ...options, ...vaultOf(vault) }, scheduler)(exit),
  }),
  kind({
    type: 'tls',
    kind: 'client',
    about: 'begins TLS: what it takes is plain, what it opens is encrypted',
    entry: 'net',
    exit: 'net',
    vault: true,
    options: {
      description: 'whom to trust, and how to prove itself',
      type: 'object',
      properties: {
        ...common,
        sni: { ...strings, description: 'the host to ask for and to verify' },
      },
      additionalProperties: false,
    },
    when,
    rules,
    matches: tlsMatches,
    make: ({ options, vault, exit, scheduler }) => tlsClient({ ...options, ...vaultOf(vault) }, scheduler)(exit),
  }),
] as const;

const vaultOf = (vault: unknown): { vault?: Vault } => (vault === undefined ? {} : { vault: vault as Vault });
