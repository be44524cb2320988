import { filesystemVault } from '../src/net/filesystem-vault.ts';
import type { FromSchema, Schema } from './json-schema.ts';

/** A type of vault: its options, and what it makes of them, which a binding that names it is handed. */
export interface VaultKind {
  readonly options: Schema;
  /** @param base the directory that relative paths are looked up from */
  make(options: never, base: string): unknown;
}

const store = (holds: string) =>
  ({
    description: holds,
    type: 'object',
    properties: {
      store: { description: 'the path of the file', type: 'string' },
      type: {
        description: 'what kind of file it is, `pkcs12` by default',
        type: 'string',
        enum: ['pkcs12', 'jks', 'pem'],
      },
      password: { description: 'what opens it', type: 'string' },
      entries: { description: 'the only entries to use', type: 'array', items: { type: 'string' } },
    },
    required: ['store'],
    additionalProperties: false,
  }) as const satisfies Schema;

const options = {
  description: 'the files that it reads',
  type: 'object',
  properties: {
    keys: store('the file of private keys and their certificates'),
    trust: store('the file of certificates to trust'),
    signers: store('the file of certificates whose signature counts'),
    secrets: { type: 'object', unsupported: 'nothing uses secrets yet' },
    revocation: { type: 'string', unsupported: 'it checks no revocation lists yet' },
  },
  additionalProperties: false,
} as const satisfies Schema;

/** Files, their paths relative to the file that names them. */
const filesystem = {
  options,
  make: (given: FromSchema<typeof options>, base: string) => filesystemVault(given, base),
};

/** The types of vault, by name. */
export const vaults = { filesystem } satisfies Record<string, VaultKind>;

/** The vault of that type, if there is one. */
export const vaultKind = (type: string): VaultKind | undefined =>
  Object.hasOwn(vaults, type) ? vaults[type as keyof typeof vaults] : undefined;
