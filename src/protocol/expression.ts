import { SluiceError } from '../errors.ts';
import type { Params } from '../path-pattern.ts';
import type { Authorization } from './guard.ts';

/** What expressions read of a stream. */
export interface ExpressionValues {
  /** What stood in place of `{name}`s in its path, escapes resolved. */
  readonly params?: Params;
  /** What guards found of it. */
  readonly authorization?: Authorization | undefined;
  /** What `${name}` stands for, of those that the place knows. */
  readonly others?: Readonly<Record<string, string | undefined>>;
}

/** What an expression may name where it stands. */
export interface ExpressionNames {
  /** The params of every path that it may be for. */
  readonly params?: readonly string[];
  /** Those that are `${name}`, such as `idempotencyKey`. */
  readonly others?: readonly string[];
  /** What is made of what a guard found; `undefined` if that cannot stand here. */
  readonly claim?: (found: string) => string | undefined;
}

/** What is wrong with a text: an expression in it has no value anywhere. */
export class ExpressionError extends SluiceError {
  /** As it is written. */
  readonly expression: string;
  /** What it stands in. */
  readonly text: string;
  /** Those that would have one there, but for guards'. */
  readonly known: readonly string[];

  constructor(name: string, text: string, { params = [], others = [] }: ExpressionNames) {
    const written = (each: string): string => `\${${each}}`;
    super('OPTION_INVALID', `nothing is named \`${written(name)}\` here`);
    this.expression = written(name);
    this.text = text;
    this.known = [...params.map((param) => `params.${param}`), ...others].map(written);
  }
}

/** A text whose expressions are filled in for a stream; `undefined` where one has no value there. */
export type Expression = (values: ExpressionValues) => string | undefined;

type Reading = (values: ExpressionValues) => string | undefined;

const GUARDED = /^guarded\['([\w.:-]+)'\]\.(?:identity|attributes\.([\w.:-]+))$/;

/**
 * Reads a text with expressions: `${params.name}`, `${guarded['guard'].identity}`, `${guarded['guard'].attributes.name}`,
 * and what else may be named. What is filled in is not read again.
 *
 * @throws ExpressionError OPTION_INVALID
 */
export function expression(text: string, names: ExpressionNames = {}): Expression {
  const [first = '', ...rest] = text.split(/\$\{([^}]*)\}/);
  if (rest.length === 0) return () => text;
  const named = (name: string): Reading => {
    const known = reading(name, names);
    if (known === undefined) throw new ExpressionError(name, text, names);
    return known;
  };
  const parts = rest.map((part, index) => (index % 2 === 0 ? named(part) : () => part));
  return (values) => {
    let filled = first;
    for (const part of parts) {
      const value = part(values);
      if (value === undefined) return undefined;
      filled += value;
    }
    return filled;
  };
}

/** What reads the value of a name; `undefined` where it has none. */
function reading(
  name: string,
  { params = [], others = [], claim = (found) => found }: ExpressionNames,
): Reading | undefined {
  if (others.includes(name)) return (values) => own(values.others, name);
  const param = /^params\.(\w+)$/.exec(name)?.[1];
  if (param !== undefined && params.includes(param)) return (values) => own(values.params, param);
  const [, guard, attribute] = GUARDED.exec(name) ?? [];
  if (guard === undefined) return undefined;
  return ({ authorization }) => {
    const identity = authorization?.get(guard);
    const found = attribute === undefined ? identity?.identity : own(identity?.attributes, attribute);
    return found === undefined ? undefined : claim(found);
  };
}

/** The value of a name that whoever sends a request may have chosen. */
const own = (values: Readonly<Record<string, string | undefined>> | undefined, name: string): string | undefined =>
  values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
