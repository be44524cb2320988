import { createSecureContext, rootCertificates, type SecureContext, type SecureContextOptions } from 'node:tls';
import { SluiceError } from '../errors.ts';
import type { KeyEntry, Vault } from './vault.ts';

/** What both ends of TLS can be told. */
export interface TlsOptions {
  /** Where the names in `keys`, `trust` and `signers` are looked up. */
  readonly vault?: Vault;
  /** The entries of the vault to prove itself with. */
  readonly keys?: readonly string[];
  /** The entries of the vault to trust. */
  readonly trust?: readonly string[];
  /** The entries of the vault whose signature a key needs, in place of `keys`. */
  readonly signers?: readonly string[];
  /** Whether to trust the certificate authorities that node comes with. */
  readonly trustcacerts?: boolean;
  /** The application protocols to agree on, the preferred one first. */
  readonly alpn?: readonly string[];
  /** The one TLS version to speak, `TLSv1.2` or `TLSv1.3`; either by default. */
  readonly version?: string;
  /** How many bytes may wait for a slow peer in each direction, an integer >= 1; 128 KiB by default. */
  readonly window?: number;
  /** How long the handshake may take, in milliseconds; 10,000 by default. */
  readonly handshakeTimeout?: number;
}

/** The keys to prove oneself with; without any option that names some, all of the vault. */
export function keysOf({ vault, keys, trust, signers }: TlsOptions): readonly KeyEntry[] {
  if (keys !== undefined) return needed(vault, 'keys').keys(keys);
  if (signers !== undefined) return needed(vault, 'signers').signed(signers);
  return trust === undefined ? (vault?.keys() ?? []) : [];
}

/** The certificates of the vault to trust, PEM text; without any option that names some, all of the vault. */
export function namedTrust({ vault, keys, trust, signers }: TlsOptions): readonly string[] {
  if (trust !== undefined) return needed(vault, 'trust').trust(trust);
  return keys === undefined && signers === undefined ? (vault?.trust() ?? []) : [];
}

/** The certificates to trust, PEM text; `undefined` if no option and no vault says whom. */
export function trustOf(options: TlsOptions): readonly string[] | undefined {
  const named = namedTrust(options);
  const trusted = options.trustcacerts ? [...named, ...rootCertificates] : named;
  return trusted.length === 0 ? undefined : trusted;
}

/** A TLS context for one key, or none. @throws SluiceError OPTION_INVALID, VAULT_INVALID */
export function contextOf(options: TlsOptions, entry: KeyEntry | undefined): SecureContext {
  const trusted = trustOf(options);
  const context: SecureContextOptions = { ...versions(options.version) };
  if (entry !== undefined) Object.assign(context, { key: entry.key, cert: entry.cert });
  if (trusted !== undefined) context.ca = [...trusted];
  return createSecureContext(context);
}

/** The oldest and the newest version to speak. */
export function versions(version = 'TLS'): Pick<SecureContextOptions, 'minVersion' | 'maxVersion'> {
  if (version === 'TLS') return {};
  if (version === 'TLSv1.2' || version === 'TLSv1.3') return { minVersion: version, maxVersion: version };
  throw new SluiceError('OPTION_INVALID', `version must be TLS, TLSv1.2 or TLSv1.3, not ${version}`);
}

function needed(vault: Vault | undefined, option: string): Vault {
  if (vault !== undefined) return vault;
  throw new SluiceError('OPTION_INVALID', `${option} names entries of a vault, but there is no vault`);
}
