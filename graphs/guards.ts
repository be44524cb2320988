import type { SchedulerLike } from 'rxjs';
import type { Fault } from '../src/errors.ts';
import { inlineGuard } from '../src/guards/inline.ts';
import { jwtGuard } from '../src/guards/jwt.ts';
import { ALGORITHMS } from '../src/guards/keys.ts';
import type { Guard } from '../src/protocol/guard.ts';
import type { FromSchema, Schema } from './json-schema.ts';

/** What a guard is made with, besides its options. */
export interface GuardParts {
  readonly scheduler: SchedulerLike;
  /** Told why it does not accept what it is shown, or cannot judge for now. */
  readonly onFault: (fault: Fault) => void;
}

/** A type of guard: its options, and what it makes of them. */
export interface GuardKind {
  readonly options: Schema;
  make(options: never, parts: GuardParts): Guard;
}

const text = (description: string) => ({ description, type: 'string' }) as const satisfies Schema;

const key = {
  description: 'a key as JSON (RFC 7517)',
  type: 'object',
  properties: {
    kty: { description: 'of what type it is', type: 'string', enum: ['RSA', 'EC', 'OKP'] },
    kid: text('its name in tokens'),
    alg: text('the only algorithm that it is for'),
    use: { description: 'what it is for', type: 'string', enum: ['sig'] },
    crv: text('the curve of an EC or OKP key'),
    n: text('the modulus of an RSA key'),
    e: text('the exponent of an RSA key'),
    x: text('the x of an EC or OKP key'),
    y: text('the y of an EC key'),
  },
  required: ['kty'],
} as const satisfies Schema;

const jwtOptions = {
  description: 'which tokens it accepts, and what it takes from them',
  type: 'object',
  properties: {
    keys: {
      description: 'the keys that tokens are signed with, or the url of a JSON Web Key Set',
      anyOf: [
        { type: 'string', pattern: '^https?://' },
        { type: 'array', minItems: 1, items: key },
      ],
    },
    issuer: text('who must have issued a token'),
    audience: text('whom a token must be for'),
    algorithms: {
      description: 'how tokens may be signed, in any of these ways by default',
      type: 'array',
      minItems: 1,
      items: { type: 'string', enum: ALGORITHMS },
    },
    roles: text('the claim that has the roles, `scope` by default'),
    identity: text('the claim that says who it is, `sub` by default'),
    attributes: {
      description: 'claims that become attributes, by the names of those',
      type: 'object',
      additionalProperties: { type: 'string' },
    },
    challenge: {
      description: 'seconds before a token expires at which a client that listens is asked for a new one',
      type: 'integer',
      minimum: 1,
    },
  },
  required: ['keys'],
  additionalProperties: false,
} as const satisfies Schema;

const jwt = {
  options: jwtOptions,
  make: (options: FromSchema<typeof jwtOptions>, { scheduler, onFault }: GuardParts) =>
    jwtGuard({ ...options, onFault }, scheduler),
};

const inlineOptions = {
  description: 'whom it recognises, and who this graph is to others',
  type: 'object',
  properties: {
    identity: text('who shows `credentials`, and who this graph is to others'),
    credentials: text('what it shows'),
    format: text('such as "{identity}:{credentials}": who shows some of that form is taken at its word'),
  },
  additionalProperties: false,
} as const satisfies Schema;

const inline = {
  options: inlineOptions,
  make: (options: FromSchema<typeof inlineOptions>) => inlineGuard(options),
};

/** The types of guard, by name. */
export const guards = { jwt, inline } satisfies Record<string, GuardKind>;

/** The guard of that type, if there is one. */
export const guardKind = (type: string): GuardKind | undefined =>
  Object.hasOwn(guards, type) ? guards[type as keyof typeof guards] : undefined;
