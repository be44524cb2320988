import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type Stored, WrongPassword } from './stored.ts';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*(?:-(?!----)[^-]*)*-----END \1-----/g;

/**
 * The certificates and private keys of a PEM text, all stored under `name`; encrypted keys need `password`.
 * @throws WrongPassword; Error if a block is not what it says
 */
export function parsePem(text: string, name: string, password: string | undefined): Stored {
  const blocks = [...text.matchAll(BLOCK)].map(([block, label = '']) => ({ block, label }));
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE' || label === 'TRUSTED CERTIFICATE');
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  return {
    keys: keys.map(({ block }) => ({ name, key: keyOf(block, password) })),
    certificates: certificates.map(({ block }) => ({ name, certificate: new X509Certificate(block) })),
  };
}

function keyOf(block: string, password: string | undefined): KeyObject {
  const encrypted = block.includes('ENCRYPTED');
  try {
    return createPrivateKey({ key: block, ...(encrypted && password !== undefined && { passphrase: password }) });
  } catch (error) {
    throw encrypted ? new WrongPassword() : error;
  }
}
