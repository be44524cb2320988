import type { KeyObject, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { SluiceError } from '../errors.ts';
import { codeOf } from './faults.ts';
import { parsePem } from './pem.ts';
import { parsePkcs12 } from './pkcs12.ts';
import { type Stored, WrongPassword } from './stored.ts';
import type { KeyEntry } from './vault.ts';

/** A file of keys or certificates. */
export interface StoreOptions {
  /** The path of the file, or, of type `pem`, of a folder whose `*.pem` files belong together. */
  readonly store: string;
  /** `pkcs12` by default. What is called `jks` must be PKCS #12, as Java has written it since version 9. */
  readonly type?: 'pkcs12' | 'jks' | 'pem';
  /** Opens the store, and the private keys in it. */
  readonly password?: string;
  /** The only entries to use; all of them by default. */
  readonly entries?: readonly string[];
}

/** The entries of a store, each with the names it goes by, in lower case. */
export interface Store {
  readonly path: string;
  readonly keys: readonly { readonly names: readonly string[]; readonly value: KeyEntry }[];
  readonly certificates: readonly { readonly names: readonly string[]; readonly value: X509Certificate }[];
}

/**
 * Reads a store of keys (each needs its certificate there) or of certificates to trust or to have signed.
 * @throws SluiceError VAULT_UNREADABLE, VAULT_INVALID, VAULT_PASSWORD
 */
export function readStore(what: 'keys' | 'trust' | 'signers', options: StoreOptions, directory: string): Store {
  const { type = 'pkcs12', entries } = options;
  const path = resolve(directory, options.store);
  const file = `${what} store ${path}`;
  const stored = filesOf(file, path, type).map((each) => parsed(file, each, type, options.password));
  const certificates = stored.flatMap((each) => each.certificates);
  const chain = certificates.map(({ certificate }) => certificate);
  const listed = ({ names }: { names: readonly string[] }): boolean =>
    entries === undefined || entries.some((entry) => names.includes(entry.toLowerCase()));

  const keys = stored.flatMap((each) => each.keys.map((key) => keyEntry(file, key, chain))).filter(listed);
  const trusted = certificates
    .map(({ name, certificate }) => ({ names: namesOf(name, certificate), value: certificate }))
    .filter(listed);
  if (what === 'keys' && keys.length === 0) throw new SluiceError('VAULT_INVALID', `${file} holds no private key`);
  if (trusted.length === 0) throw new SluiceError('VAULT_INVALID', `${file} holds no certificate`);
  return { path, keys, certificates: trusted };
}

function filesOf(file: string, path: string, type: string): readonly string[] {
  if (type !== 'pem' && type !== 'pkcs12' && type !== 'jks') {
    throw new SluiceError('OPTION_INVALID', `type of ${file} must be pkcs12, jks or pem, not ${type}`);
  }
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => name.endsWith('.pem'));
    return names.sort().map((name) => join(path, name));
  } catch (error) {
    throw unreadable(file, error);
  }
}

function parsed(file: string, path: string, type: string, password: string | undefined): Stored {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    if (type === 'pem') return parsePem(bytes.toString('latin1'), basename(path, extname(path)), password);
    return parsePkcs12(bytes, password);
  } catch (error) {
    const which = password === undefined ? 'needs a password' : 'does not open with the password given';
    if (error instanceof WrongPassword) throw new SluiceError('VAULT_PASSWORD', `${file} ${which}`);
    const hint = hintOf(type, bytes);
    throw new SluiceError('VAULT_INVALID', `${file} is not a ${type} store that can be read${hint}`, { cause: error });
  }
}

/** What a file looks like that is not of its type. */
function hintOf(type: string, bytes: Buffer): string {
  if (type !== 'pem' && bytes.includes('-----BEGIN ')) return '; it looks like PEM: say type: pem';
  if (bytes.subarray(0, 4).equals(JKS)) return '; it is of the old JKS format: convert it to PKCS12 with keytool';
  return '';
}

/** How a store of Java's old format begins. */
const JKS = Buffer.from('feedfeed', 'hex');

/** A key with its certificate and those that lead from it to its root, as far as the store has them. */
function keyEntry(
  file: string,
  { name, key }: { name: string | undefined; key: KeyObject },
  certificates: readonly X509Certificate[],
): Store['keys'][number] {
  const chain: X509Certificate[] = [];
  let next = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (next === undefined) throw new SluiceError('VAULT_INVALID', `${file} holds a private key without its certificate`);
  const names = namesOf(name, next);
  const hosts = hostsOf(next);
  while (next !== undefined && !chain.includes(next)) {
    const issued: X509Certificate = next;
    chain.push(issued);
    next = certificates.find((certificate) => certificate !== issued && issued.checkIssued(certificate));
  }
  const value = {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: chain.map(String).join(''),
    hosts,
  };
  return { names, value };
}

const namesOf = (name: string | undefined, certificate: X509Certificate): readonly string[] =>
  [...(name === undefined ? [] : [name]), ...commonName(certificate), ...hostsOf(certificate)].map((each) =>
    each.toLowerCase(),
  );

const commonName = ({ subject }: X509Certificate): readonly string[] =>
  [...subject.matchAll(/^CN=(.+)$/gm)].map(([, name = '']) => name);

const hostsOf = ({ subjectAltName = '' }: X509Certificate): readonly string[] =>
  [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].map(([, host = '']) => host.toLowerCase());

const unreadable = (file: string, error: unknown): SluiceError =>
  new SluiceError('VAULT_UNREADABLE', `${file} cannot be read: ${codeOf(error as Error)}`);
