import { createHmac, generateKeyPairSync } from 'node:crypto';
import { firstValueFrom, VirtualTimeScheduler } from 'rxjs';
import type { Fault } from '../../../src/errors.ts';
import { type JwtGuardOptions, jwtGuard } from '../../../src/guards/jwt.ts';
import type { Jwk } from '../../../src/guards/keys.ts';
import type { Identity } from '../../../src/protocol/guard.ts';
import { AUDIENCE, ISSUER, signer, token } from './tokens.ts';

const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }) as Jwk;
const [rsa, ec, stranger] = [signer('rsa', 'RS256'), signer('ec'), signer('ec')];

/** A guard, what it tells, and whom it recognises at a time in seconds. */
function guarding(options: Partial<JwtGuardOptions> = {}) {
  const clock = new VirtualTimeScheduler();
  const told: Fault[] = [];
  const keys = [rsa.jwk, ec.jwk];
  const onFault = (fault: Fault): void => void told.push(fault);
  const guard = jwtGuard({ keys, issuer: ISSUER, audience: AUDIENCE, onFault, ...options }, clock);
  const identify = (shown: string, at = 1_000): Promise<Identity | undefined> => {
    clock.frame = at * 1_000;
    return firstValueFrom(guard.identify(shown));
  };
  return { identify, told };
}

describe('a jwt guard', () => {
  it.each([rsa, ec])('recognises who shows a token by a key of its own', async (key) => {
    const { identify, told } = guarding({ challenge: 10 });
    const shown = await token(key, { scope: 'read write', exp: 2_000 });

    expect(await identify(shown)).toEqual({
      identity: 'alice',
      credentials: shown,
      roles: ['read', 'write'],
      attributes: {},
      expires: 2_000_000,
      challenge: 10_000,
    });
    expect(told).toEqual([]);
  });

  it('takes roles, identity and attributes from the claims that are named', async () => {
    const { identify } = guarding({
      roles: 'realm_access.roles',
      identity: 'email',
      attributes: { tenant: 'org.id', plan: 'https://x/plan', missing: 'none' },
    });
    const shown = await token(ec, {
      email: 'a@x',
      realm_access: { roles: ['admin', 1, 'user'] },
      org: { id: 7 },
      'https://x/plan': 'free',
    });

    expect(await identify(shown)).toEqual({
      identity: 'a@x',
      credentials: shown,
      roles: ['admin', 'user'],
      attributes: { tenant: '7', plan: 'free' },
    });
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ['that has expired', () => token(ec, { exp: 999 }), /expired/],
    ['that does not hold yet', () => token(ec, { nbf: 1_001 }), /nbf/],
    ['of another issuer', () => token(ec, { iss: 'https://evil' }), /iss/],
    ['for another audience', () => token(ec, { aud: ['a', 'b'] }), /aud/],
    ['without an issuer', () => token(ec, { iss: [] as never }), /iss/],
    ['by a stranger under a known name', () => token(stranger), /signature/],
    ['by a key that is not known', () => token(ec, {}, { kid: 'other' }), /key that is not known/],
    ['that does not say its key', async () => (await token(ec)).replace(/^[^.]*/, headed({ alg: 'ES384' })), /key/],
    ['that is not signed', async () => `${headed({ alg: 'none' })}.${(await token(ec)).split('.')[1]}.`, /not allowed/],
    ['signed by a public key as if it were a secret', () => confused(), /not allowed/],
    ['of another form', async () => 'a.b.c', /no token/],
    ['that is empty', async () => '', /no token/],
    ['that is very long', async () => 'x'.repeat(100_000), /no token/],
  ])('recognises nobody by a token %s, and tells why without it', async (_, make, why) => {
    const { identify, told } = guarding();
    const shown = await make();

    expect(await identify(shown)).toBeUndefined();
    expect(told.map(({ code }) => code)).toEqual(['GUARD_REFUSED']);
    expect(told[0]?.message).toMatch(why);
    for (const part of shown.split('.').filter(({ length }) => length > 8))
      expect(told[0]?.message).not.toContain(part);
  });

  it('takes keys in plain base64 too, as the format has them', async () => {
    const n = Buffer.from(rsa.jwk.n ?? '', 'base64url').toString('base64');
    const { identify } = guarding({ keys: [{ ...rsa.jwk, n }] });

    expect((await identify(await token(rsa)))?.identity).toBe('alice');
  });

  it.each<[string, JwtGuardOptions, RegExp]>([
    ['no keys', { keys: [] }, /keys must have one/],
    ['no algorithm', { keys: [ec.jwk], algorithms: [] }, /algorithms/],
    ['a key that is none', { keys: [ec.jwk, { kty: 'RSA', n: 'canary', e: 'AQAB' }] }, /number 2/],
    ['a private key', { keys: [ec.secret.export({ format: 'jwk' }) as Jwk] }, /private/],
    ['a short key', { keys: [short] }, /2048 bits/],
    ['a secret', { keys: [{ kty: 'oct', k: 'canary' } as Jwk] }, /secret/],
    ['a url of another kind', { keys: 'file:///canary' }, /url/],
    ['a url with a password', { keys: 'https://user:canary@example.org/keys' }, /without user and password/],
  ])('refuses %s, and shows nothing of it', (_, options, why) => {
    expect(() => jwtGuard(options)).toThrow(why);
    expect(() => jwtGuard(options)).not.toThrow(/canary/);
  });
});

const headed = (header: object): string => Buffer.from(JSON.stringify(header)).toString('base64url');

async function confused(): Promise<string> {
  const body = `${headed({ alg: 'HS256', kid: 'rsa' })}.${(await token(rsa)).split('.')[1]}`;
  return `${body}.${createHmac('sha256', JSON.stringify(rsa.jwk)).update(body).digest('base64url')}`;
}
