import { X509Certificate } from 'node:crypto';
import { SluiceError } from '../errors.ts';
import { readStore, type Store, type StoreOptions } from './store.ts';
import type { KeyEntry, Vault } from './vault.ts';

export interface FilesystemVaultOptions {
  readonly keys?: StoreOptions;
  readonly trust?: StoreOptions;
  readonly signers?: StoreOptions;
}

/**
 * A vault of files, read and checked at once. An entry goes by the name it is stored under, the common name of its
 * certificate, every host that names, and, in a PEM file, the name of the file; letter case does not matter.
 * Relative paths start at `directory`, the working directory by default.
 *
 * @throws SluiceError VAULT_UNREADABLE, VAULT_INVALID, VAULT_PASSWORD, VAULT_ENTRY, each naming the file
 */
export function filesystemVault(options: FilesystemVaultOptions, directory = '.'): Vault {
  const keys = options.keys && readStore('keys', options.keys, directory);
  const trust = options.trust && readStore('trust', options.trust, directory);
  const signers = options.signers && readStore('signers', options.signers, directory);
  return {
    keys: (names) => chosen('keys', keys, (store) => store.keys, names).map(({ value }) => value),
    trust: (names) => chosen('trust', trust, (store) => store.certificates, names).map(({ value }) => String(value)),
    signed(names) {
      const authorities = chosen('signers', signers, (store) => store.certificates, names);
      const entries = chosen('keys', keys, (store) => store.keys, undefined).map(({ value }) => value);
      const signed = entries.filter((entry) => authorities.some(({ value }) => issued(entry, value)));
      if (signed.length > 0) return signed;
      throw new SluiceError('VAULT_ENTRY', `no key in ${keys?.path} is signed by ${names.join(', ')}`);
    },
  };
}

interface Named<T> {
  readonly names: readonly string[];
  readonly value: T;
}

/** The entries of a store that go by `names`, in their order; all of them without names. */
function chosen<T>(
  what: string,
  store: Store | undefined,
  entries: (store: Store) => readonly Named<T>[],
  names: readonly string[] | undefined,
): readonly Named<T>[] {
  if (store === undefined) {
    if (names === undefined) return [];
    throw new SluiceError('VAULT_ENTRY', `the vault has no ${what}, so no ${names.join(', ')}`);
  }
  const all = entries(store);
  if (names === undefined) return all;
  return names.flatMap((name) => {
    const found = all.filter((entry) => entry.names.includes(name.toLowerCase()));
    if (found.length > 0) return found;
    const known = all.map((entry) => entry.names[0]).join(', ');
    throw new SluiceError('VAULT_ENTRY', `${what} store ${store.path} has no entry ${name}, only ${known}`);
  });
}

function issued(entry: KeyEntry, authority: X509Certificate): boolean {
  const leaf = new X509Certificate(entry.cert);
  return leaf.checkIssued(authority) && leaf.verify(authority.publicKey);
}
