import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import { catchError, concatMap, defer, from, map, type Observable, of, type SchedulerLike } from 'rxjs';
import { type Fault, isFault, SluiceError } from '../errors.ts';
import type { Guard, Identity } from '../protocol/guard.ts';
import { eventLoop } from '../scheduler.ts';
import { ALGORITHMS, type Algorithm, checked, type Jwk } from './keys.ts';
import { RemoteKeys } from './remote-keys.ts';

export interface JwtGuardOptions {
  /** The keys that tokens may be signed with, or the url where they are. */
  readonly keys: readonly Jwk[] | string;
  /** Who must have issued a token; anybody whose keys these are, by default. */
  readonly issuer?: string;
  /** Whom a token must be for; anybody, by default. */
  readonly audience?: string;
  /** How tokens may be signed; in any way that `ALGORITHMS` lists, by default. */
  readonly algorithms?: readonly Algorithm[];
  /** The claim that has the roles, as words or a list; `scope` by default. `a.b` is claim `b` of claim `a`. */
  readonly roles?: string;
  /** The claim that says who it is; `sub` by default. */
  readonly identity?: string;
  /** Claims that become attributes, by the names of those. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** How long before a token expires a client that listens is asked for a new one, in seconds; it is not, by default. */
  readonly challenge?: number;
  /** Told why a token is not accepted, or cannot be judged for now; never with anything of the token. */
  readonly onFault?: (fault: Fault) => void;
}

/**
 * Recognises who shows a JSON Web Token (RFC 7519) that is signed with one of the keys, and holds at this time.
 *
 * Keys of a url are fetched on first need and kept; a token with a key that is not among them has them fetched again, every
 * 30 s at the most. While there are none, nobody can be judged: `identify` errors with GUARD_UNAVAILABLE.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function jwtGuard(options: JwtGuardOptions, scheduler: SchedulerLike = eventLoop): Guard {
  const { keys, issuer, audience, algorithms = ALGORITHMS, onFault: tell = () => {} } = options;
  if (algorithms.length === 0) throw new SluiceError('OPTION_INVALID', 'algorithms must name one at least');
  const rules = {
    algorithms: [...algorithms],
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };
  const verify = typeof keys === 'string' ? verifyRemotely(keys, scheduler, tell) : verifyLocally(checked(keys));

  return {
    identify: (token) =>
      defer(() => verify(token, { ...rules, currentDate: new Date(scheduler.now()) })).pipe(
        map((claims) => identityOf(claims, token, options)),
        catchError((thrown) => {
          if (isFault(thrown)) throw thrown;
          tell(new SluiceError('GUARD_REFUSED', reasonOf(thrown)));
          return of(undefined);
        }),
      ),
  };
}

type Verify = (token: string, rules: JWTVerifyOptions) => Observable<JWTPayload>;

const verifyWith = (set: JSONWebKeySet): Verify => {
  const keys = createLocalJWKSet(set);
  return (token, rules) => from(jwtVerify(token, keys, rules)).pipe(map(({ payload }) => payload));
};

const verifyLocally = (keys: readonly Jwk[]): Verify => verifyWith({ keys: [...keys] });

function verifyRemotely(url: string, scheduler: SchedulerLike, tell: (fault: Fault) => void): Verify {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new SluiceError('OPTION_INVALID', 'keys must be a list of keys, or a url that begins with http');
  const { username, password } = new URL(url);
  if (username !== '' || password !== '')
    throw new SluiceError('OPTION_INVALID', 'keys must be at a url without user and password');
  const remote = new RemoteKeys({ url, scheduler, onUnavailable: tell });
  // What is made of keys is kept with them.
  const verifiers = new WeakMap<JSONWebKeySet, Verify>();
  const verifierOf = (set: JSONWebKeySet): Verify => {
    const verify = verifiers.get(set) ?? verifyWith(set);
    verifiers.set(set, verify);
    return verify;
  };
  return (token, rules) =>
    remote.get().pipe(
      concatMap((set) => verifierOf(set)(token, rules)),
      catchError((thrown) => {
        if (!(thrown instanceof errors.JWKSNoMatchingKey)) throw thrown;
        return remote.renew().pipe(concatMap((set) => verifierOf(set)(token, rules)));
      }),
    );
}

function identityOf(claims: JWTPayload, credentials: string, options: JwtGuardOptions): Identity {
  const { roles = 'scope', identity = 'sub', attributes = {}, challenge } = options;
  const named = Object.entries(attributes).flatMap(([name, claim]) => {
    const value = textOf(claimOf(claims, claim));
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    identity: textOf(claimOf(claims, identity)),
    credentials,
    roles: wordsOf(claimOf(claims, roles)),
    attributes: Object.fromEntries(named),
    ...(claims.exp !== undefined && { expires: claims.exp * 1_000 }),
    ...(challenge !== undefined && { challenge: challenge * 1_000 }),
  };
}

/** A claim by its name, or by a path of names with dots between. */
function claimOf(claims: object, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path as keyof typeof claims];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = value[name as keyof typeof value];
  }
  return value;
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;

const wordsOf = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.filter((one) => typeof one === 'string')
    : (textOf(value)?.split(/\s+/).filter(Boolean) ?? []);

/** Why a token is not accepted, in words that have nothing of it. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof errors.JWTExpired) return 'the token has expired';
  if (thrown instanceof errors.JWTClaimValidationFailed)
    return `the token has not the ${thrown.claim} that is asked for`;
  if (thrown instanceof errors.JOSEAlgNotAllowed) return 'the token is signed by an algorithm that is not allowed';
  if (thrown instanceof errors.JWKSNoMatchingKey) return 'the token is signed with a key that is not known';
  if (thrown instanceof errors.JWKSMultipleMatchingKeys) return 'the token does not say which key it is signed with';
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is wrong';
  if (thrown instanceof errors.JOSEError) return 'what is shown is no token';
  return 'the token cannot be verified with its key';
}
