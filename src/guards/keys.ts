import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { SluiceError } from '../errors.ts';

/** A public key as JSON (RFC 7517). */
export interface Jwk {
  readonly kty: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly crv?: string;
  readonly n?: string;
  readonly e?: string;
  readonly x?: string;
  readonly y?: string;
}

/** How tokens may be signed (RFC 7518): by a key of which a part is public, never by a secret that the guard would share. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

/** In bits (RFC 7518, section 3.3). */
const LEAST_RSA = 2048;

/** Checks keys that are given. @throws SluiceError OPTION_INVALID, which tells nothing of a key */
export function checked(keys: readonly Jwk[]): readonly Jwk[] {
  if (keys.length === 0) throw new SluiceError('OPTION_INVALID', 'keys must have one at least');
  for (const [index, key] of keys.entries()) {
    const wrong = fault(key);
    if (wrong !== undefined) throw new SluiceError('OPTION_INVALID', `keys: number ${index + 1} ${wrong}`);
  }
  return keys;
}

function fault(key: Jwk): string | undefined {
  if ('d' in key) return 'is a private key; give its public part only';
  if (key.kty === 'oct') return 'is a secret; tokens must be signed by a key with a public part';
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    const { modulusLength = LEAST_RSA } = asymmetricKeyDetails ?? {};
    return modulusLength < LEAST_RSA ? `has fewer than ${LEAST_RSA} bits` : undefined;
  } catch {
    return 'is no key';
  }
}
