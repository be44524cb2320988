import type { OperatorFunction } from 'rxjs';
import type { Guard, Guarded } from '../src/protocol/guard.ts';
import type { Binding } from '../src/protocol.ts';
import type { guards } from './guards.ts';
import type { FromSchema, Schema } from './json-schema.ts';
import type { MakeableKind, Spoken } from './kind.ts';
import type { makeable } from './registry.ts';
import type { vaults } from './vaults.ts';

/** A config in code: the keys and the words of the YAML form. */
export interface Config {
  /** A letter, then letters, digits, `.`, `_` or `-`. */
  readonly name: string;
  readonly vaults?: { readonly [name: string]: VaultConfig };
  /** By name; one may be a guard of the caller's own. */
  readonly guards?: { readonly [name: string]: GuardConfig | Guard };
  /** Ignored by this build, with a warning. */
  readonly telemetry?: unknown;
  /** By name; one may be an operator of the caller's own. */
  readonly bindings: { readonly [name: string]: BindingConfig | Operator };
}

/** A binding of the caller's own, of any protocol. */
// biome-ignore lint/suspicious/noExplicitAny: a `Binding<any>` would refuse lanes that have no flushes
export type Operator = OperatorFunction<any, any>;

/** A binding of any kind that this build can make. */
export type BindingConfig = Declared<(typeof makeable)[number]>;

/** A vault of any type that this build can make. */
export type VaultConfig = {
  [T in keyof typeof vaults]: { type: T; options: FromSchema<(typeof vaults)[T]['options']> };
}[keyof typeof vaults];

/** A guard of any type that this build can make. */
export type GuardConfig = {
  [T in keyof typeof guards]: { type: T; options: FromSchema<(typeof guards)[T]['options']> };
}[keyof typeof guards];

/**
 * Answers `config`, its types checked: that an exit names a binding which speaks what is sent there, and leads round in
 * no circle; that a vault or guard is there; that every option is known. What only values can show, `compile` does.
 *
 * @example
 * const echo = graph({
 *   name: 'echo',
 *   bindings: {
 *     tcp_server: { type: 'tcp', kind: 'server', options: { port: 7114 }, exit: 'echo_server' },
 *     echo_server: { type: 'echo', kind: 'server' },
 *   },
 * });
 * compile(echo).run().subscribe();
 */
export const graph = <const C extends Config>(config: C & Checked<C>): C => config;

type Declared<K> =
  K extends MakeableKind<infer T, infer N, infer _, infer X, infer O, infer W, infer V, infer H>
    ? { readonly type: T; readonly kind: N; readonly telemetry?: unknown } & OptionsOf<O> &
        (V extends true ? { readonly vault?: string } : unknown) &
        (X extends 'none' ? Terminal<W> : Leading<W, H>)
    : never;

type OptionsOf<O> = O extends { readonly not: Schema }
  ? unknown
  : O extends { readonly required: readonly string[] }
    ? { readonly options: FromSchema<O> }
    : { readonly options?: FromSchema<O> };
type WhenOf<W> = W extends { readonly not: Schema } ? unknown : { readonly when?: readonly FromSchema<W>[] };
type Terminal<W> = W extends { readonly not: Schema }
  ? unknown
  : { readonly routes?: readonly (WhenOf<W> & GuardedOf)[] };
type WithOf<H> = H extends { readonly not: Schema }
  ? unknown
  : H extends { readonly required: readonly string[] }
    ? { readonly with: FromSchema<H> }
    : { readonly with?: FromSchema<H> };
type Leading<W, H> =
  | { readonly exit: string; readonly routes?: readonly RouteOf<W, H>[] }
  | { readonly exit?: string; readonly routes: readonly RouteOf<W, H>[] };
type RouteOf<W, H> = WhenOf<W> & WithOf<H> & GuardedOf & { readonly exit: string };
type GuardedOf = { readonly guarded?: Guarded };

/** What `C` must be besides a config: each key a known one, each name that of something there and fitting. */
type Checked<C extends Config> = {
  readonly [K in keyof C]: K extends 'bindings'
    ? { readonly [N in keyof C['bindings']]: CheckedBinding<C, N> }
    : K extends keyof Config
      ? Known<C[K], Config[K]>
      : never;
};

type CheckedBinding<C extends Config, N extends keyof C['bindings'], B = C['bindings'][N]> = B extends {
  readonly type: infer T;
  readonly kind: infer K;
}
  ? Shaped<
      B,
      Extract<BindingConfig, { type: T; kind: K }>,
      Fitting<C['bindings'], N>,
      keyof C['vaults'],
      keyof C['guards']
    >
  : B;

/** `Given`, with every key refused that `Shape` does not have, `Exits` at its exits, and only the names of `Vaults` and `Guards`. */
type Shaped<Given, Shape, Exits, Vaults, Guards> = {
  readonly [K in keyof Given]: K extends KeyOf<Shape>
    ? K extends 'exit'
      ? Name<Given[K], Exits>
      : K extends 'vault'
        ? Name<Given[K], Vaults>
        : K extends 'guarded'
          ? Named<Given[K], Guards>
          : K extends 'routes'
            ? readonly Shaped<Item<Given[K]>, Item<ValueOf<Shape, K>>, Exits, Vaults, Guards>[]
            : Known<Given[K], ValueOf<Shape, K>>
    : never;
};

/**
 * A name of `Names`. It is no bare union of them: beside another name that is `never`, and so is the whole binding with it, and
 * the error is told of every key but the wrong one. `& string` has the compiler print the names, and not how they were found.
 */
type Name<Given, Names> = Given extends Names ? Given : (Names & string) | OneOf<Names & string>;

/** What is shown where a name is none of those that fit. */
interface OneOf<Names> {
  readonly fits: (name: Names) => void;
}

/** A mapping from names of `Names` only. */
type Named<Given, Names> = { readonly [K in keyof Given]: K extends Names ? Given[K] : never };

/** The names that an exit of the binding `N` may lead to. */
type Fitting<B, N extends keyof B> = {
  [M in keyof B]: N extends M | Reached<B, M> ? never : B[M] extends Fit<Exit<B[N]>> ? M : never;
}[keyof B];

type Kinds = (typeof makeable)[number];

/** What a binding speaks at its exit. */
type Exit<B> = B extends { readonly type: infer T; readonly kind: infer N }
  ? Extract<Kinds, { readonly type: T; readonly kind: N }>['exit']
  : never;

/** What takes the streams of a protocol: an operator, or a kind with that entry. */
type Fit<X> = Binding<Spoken<X>> | EnteredBy<X, Kinds>;
type EnteredBy<X, K> = K extends { readonly type: infer T; readonly kind: infer N; readonly entry: X }
  ? { readonly type: T; readonly kind: N }
  : never;

/** The names that a binding leads to, and those that they lead to in turn. */
type Reached<B, N, Seen = never> = N extends Seen
  ? never
  : N extends keyof B
    ? Next<B[N]> | Reached<B, Next<B[N]>, Seen | N>
    : never;
type Next<B> =
  | (B extends { readonly exit: infer E } ? E : never)
  | (B extends { readonly routes: readonly (infer R)[] } ? (R extends { readonly exit: infer E } ? E : never) : never);

/** `Given`, with every key refused that `Shape` does not have. */
type Known<Given, Shape> = Given extends readonly (infer G)[]
  ? readonly Known<G, Item<Shape>>[]
  : Given extends object
    ? { readonly [K in keyof Given]: K extends KeyOf<Shape> ? Known<Given[K], ValueOf<Shape, K>> : never }
    : Given;
type KeyOf<S> = S extends object ? keyof S : never;
type ValueOf<S, K> = S extends object ? (K extends keyof S ? S[K] : never) : never;
type Item<S> = Extract<S, readonly unknown[]>[number];
