import type { Observable, SchedulerLike } from 'rxjs';
import type { Code } from '../src/errors.ts';
import type { Filesystem } from '../src/protocol/filesystem.ts';
import type { Guard } from '../src/protocol/guard.ts';
import type { Http } from '../src/protocol/http.ts';
import type { Kafka } from '../src/protocol/kafka.ts';
import type { Net } from '../src/protocol/net.ts';
import type { Sse } from '../src/protocol/sse.ts';
import type { Binding, Protocol } from '../src/protocol.ts';
import type { BindingEvents } from './events.ts';
import type { FromSchema, Schema } from './json-schema.ts';

/** What streams can speak, by the name that messages and `sluice graph` use. */
export interface Protocols {
  net: Net;
  kafka: Kafka;
  http: Http;
  sse: Sse;
  filesystem: Filesystem;
}

/** What a kind speaks at one of its two ends: `none` where there is no such end, `unknown` where that is not known. */
export type Speaks = keyof Protocols | 'none' | 'unknown';

/** The type of what a name of a protocol stands for. */
export type Spoken<S> = S extends keyof Protocols ? Protocols[S] : Protocol;

/** What a binding is made of. */
export interface Parts<X, O, W = never, H = never> {
  readonly name: string;
  /** Checked by the kind's schema, but for kinds that have no options. */
  readonly options: O;
  /** The one exit: routes are led through it already, but those that are tried at the entry. */
  readonly exit: Binding<Spoken<X>>;
  /** Its routes, for one that leads its streams itself; else there are none. */
  readonly routes: readonly OwnRoute<X, W, H>[];
  /** The vault that the binding names, made by its type. */
  readonly vault: unknown;
  /** The guards of the graph, by their names. */
  readonly guards: ReadonlyMap<string, Guard>;
  /** The directory that relative paths start at: that of the config. */
  readonly base: string;
  /** Where this binding may keep state; nothing is there until it writes. */
  readonly dir: string;
  /** What it tells while it runs. */
  readonly events: BindingEvents;
  /** How long a server gives open streams to finish once unsubscribed, in milliseconds; if given. */
  readonly drain: number | undefined;
  readonly scheduler: SchedulerLike;
}

/** A route that a binding tries itself. */
export interface OwnRoute<X, W, H> {
  /** Conditions, any of which takes a stream; without any, it takes all. */
  readonly when: readonly W[];
  /** What it makes of a stream that it takes. */
  readonly with: H | undefined;
  /** Guarded already, by what its streams say in their BEGIN of whom guards recognised. */
  readonly exit: Binding<Spoken<X>>;
}

/** What a kind makes: a server, which has no entry, is run; anything else is an operator. */
export type Made<E> = E extends 'none' ? Observable<never> : Binding<Spoken<E>> & Partial<Beside>;

/** What a binding does beside its streams while the graph runs. */
export interface Beside {
  readonly running: Observable<never>;
}

/** What is told of an option that is taken. */
export interface Warning {
  readonly code: Code;
  /** Where it stands in the options, as a JSON pointer. */
  readonly pointer: string;
  readonly message: string;
  readonly suggestion: string;
}

/** One `type` and `kind` of binding: all that YAML, the editor's schema, the typed builder and the compiler know of it. */
export interface Kind {
  readonly type: string;
  readonly kind: string;
  /** What it does, in a line that editors show. */
  readonly about: string;
  readonly entry: Speaks;
  readonly exit: Speaks;
  /** What `options` holds. Without one, the binding takes no options. */
  readonly options?: Schema;
  /** What a condition of a route holds. Without one, its routes have no `when`. */
  readonly when?: Schema;
  /** What `with` of a route holds: what is made of a stream. Without one, its routes have no `with`. */
  readonly with?: Schema;
  /** Whether `vault` may be named. */
  readonly vault?: boolean;
  /** Whether one with an entry does something of its own while a graph runs, besides what its streams ask for. */
  runs?(options: never): boolean;
  /** The guards that `options.authorization` names, whatever else is wrong with it. */
  guards?(options: never): readonly string[];
  /** Whether those look at what its clients show. */
  readonly recognises?: true;
  /** What of its options is taken, and yet is hardly what is meant. */
  warnings?(options: never): readonly Warning[];
  /** What must hold between the keys of the binding. */
  readonly rules?: Schema;
  /**
   * Where its routes are tried: on the streams that it opens, which is the default, or on those that it takes. Then one
   * is made for each exit, so that exits share nothing. One that is routed by itself is made once, and handed its routes.
   */
  readonly routed?: 'exit' | 'entry' | 'itself';
  /**
   * Whether a condition takes the stream that begins with `begin`, where its routes are tried; at the entry where there
   * is no exit. Tried once with an empty BEGIN when a graph is compiled: a condition that it throws a SluiceError for is refused.
   */
  matches?(when: never, begin: never): boolean;
  /** Absent from a kind that this build knows but cannot honour. */
  make?(parts: never): unknown;
}

/** What the streams speak that the routes of a kind are tried on. */
export const triedOn = ({ routed, entry, exit }: Kind): Speaks =>
  routed === 'entry' || exit === 'none' ? entry : exit;

/** A kind that can be made, its types tied together. */
export interface MakeableKind<T, K, E, X, O extends Schema, W extends Schema, V, H extends Schema> extends Kind {
  readonly type: T & string;
  readonly kind: K & string;
  readonly entry: E & Speaks;
  readonly exit: X & Speaks;
  readonly options?: O;
  readonly when?: W;
  readonly with?: H;
  readonly vault?: V & boolean;
  runs?(options: FromSchema<O>): boolean;
  guards?(options: FromSchema<O>): readonly string[];
  warnings?(options: FromSchema<O>): readonly Warning[];
  matches?(when: FromSchema<W>, begin: Opening<E> | Opening<X>): boolean;
  make(parts: Parts<X, FromSchema<O>, FromSchema<W>, FromSchema<H>>): Made<E>;
}

/** What opens a stream of what is spoken. */
type Opening<S> = Spoken<S>['initial']['begin'];

/** Describes a kind. */
export const kind = <
  const T extends string,
  const K extends string,
  const E extends Speaks,
  const X extends Speaks,
  const O extends Schema = { readonly not: Schema },
  const W extends Schema = { readonly not: Schema },
  const V extends boolean = false,
  const H extends Schema = { readonly not: Schema },
>(
  described: MakeableKind<T, K, E, X, O, W, V, H>,
): MakeableKind<T, K, E, X, O, W, V, H> => described;
