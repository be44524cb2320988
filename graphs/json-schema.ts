/** The part of JSON Schema (draft 7) that a kind describes its keys with; a tool that reads JSON Schema reads it. */
export interface Schema {
  /** What it is, in a few words that can follow "expected"; editors show it. */
  readonly description?: string;
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly propertyNames?: Schema;
  readonly maxProperties?: number;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly if?: Schema;
  readonly then?: Schema;
  readonly not?: Schema;
  /** Ours: the key is known, but this build cannot honour it; says why. Left out of the published schema. */
  readonly unsupported?: string;
}

/** What meets `condition` must meet `consequence` too. */
export const implies = (condition: Schema, consequence: Schema): Schema => ({
  if: condition,
  // biome-ignore lint/suspicious/noThenProperty: this is how JSON Schema spells it
  then: consequence,
});

/** The TypeScript type of what a schema accepts. */
export type FromSchema<S> = S extends { readonly unsupported: string }
  ? never
  : S extends { readonly const: infer C }
    ? C
    : S extends { readonly enum: readonly (infer E)[] }
      ? E
      : S extends { readonly anyOf: readonly (infer U)[] }
        ? FromSchema<U>
        : S extends { readonly type: 'array'; readonly items: infer I }
          ? readonly FromSchema<I>[]
          : S extends { readonly type: 'object' }
            ? FromObject<S>
            : S extends { readonly type: infer T extends keyof Scalars }
              ? Scalars[T]
              : unknown;

interface Scalars {
  string: string;
  integer: number;
  number: number;
  boolean: boolean;
}

type FromObject<S> = S extends { readonly additionalProperties: infer V extends Schema }
  ? { readonly [name: string]: FromSchema<V> }
  : S extends { readonly properties: infer P }
    ? Flat<
        { readonly [K in keyof P & Required<S>]: FromSchema<P[K]> } & {
          readonly [K in Exclude<keyof P, Required<S>>]?: FromSchema<P[K]>;
        }
      >
    : Readonly<Record<string, unknown>>;

type Required<S> = S extends { readonly required: readonly (infer R)[] } ? R : never;
type Flat<T> = { [K in keyof T]: T[K] };
