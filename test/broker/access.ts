import type { Certificates } from './certificates.ts';

/** The listeners a client may use. INTERNAL is the brokers' own: unauthenticated like PLAINTEXT, and never proxied. */
export const LISTENERS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL', 'INTERNAL'] as const;
export type Listener = (typeof LISTENERS)[number];

export type Mechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER';

/** The users of every cluster: `admin` may do anything, the others nothing until an ACL allows it. */
export const USERS = {
  admin: { username: 'admin', password: 'admin-secret' },
  alice: { username: 'alice', password: 'alice-secret' },
  bob: { username: 'bob', password: 'bob-secret' },
} as const;
export type User = keyof typeof USERS;

/** All a client needs to reach a cluster. Plain data: it goes through JSON to jest's workers. */
export interface Access {
  /** Per listener, `host:port` of each broker, ascending by broker id. */
  readonly bootstrap: Readonly<Record<Listener, readonly string[]>>;
  readonly tls: Certificates;
}

/** The environment variable that tells jest's workers at which URL to ask for the `Access` of the run's cluster. */
export const LEASE = 'SLUICE_KAFKA_LEASE';

/** An unsecured JSON web token (RFC 7515, `alg: none`) for OAUTHBEARER; `seconds` of validity, default an hour. */
export function unsecuredToken(subject: string, seconds = 3600): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + seconds })}.`;
}
