import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import type { Jwk } from '../../../src/guards/keys.ts';

export const ISSUER = 'https://auth.example.com';
export const AUDIENCE = 'https://api.example.com';

/** A key that signs, and its public part as a guard is given it. */
export interface Signer {
  readonly jwk: Jwk;
  readonly secret: KeyObject;
}

export function signer(kid: string, alg: 'RS256' | 'ES256' = 'ES256'): Signer {
  const { publicKey, privateKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { jwk: { ...(publicKey.export({ format: 'jwk' }) as Jwk), kid, alg, use: 'sig' }, secret: privateKey };
}

/** A token by a key: of `alice` for the audience, unless `claims` say something else. */
export function token({ jwk, secret }: Signer, claims: JWTPayload = {}, header: object = {}): Promise<string> {
  return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'alice', ...claims })
    .setProtectedHeader({ alg: jwk.alg as string, ...(jwk.kid !== undefined && { kid: jwk.kid }), ...header })
    .sign(secret);
}
