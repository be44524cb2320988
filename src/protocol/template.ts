import type { Params } from '../path-pattern.ts';
import type { Authorization } from './guard.ts';

/** What `with` of a route is filled in by. */
export interface Filling {
  /** Of the path. */
  readonly params?: Params;
  /** What guards found. */
  readonly authorization?: Authorization | undefined;
}

const SLOT = /\$\{(?:params\.(\w+)|guarded\['([^'\]]+)'\]\.(?:(identity)|attributes\.([A-Za-z][\w.-]*)))\}/g;

/**
 * A text with its `${params.x}`, `${guarded['g'].identity}` and `${guarded['g'].attributes.a}` filled in, at once, so that
 * nothing in a value is taken for a slot. Of a param that is not there, nothing is; `undefined` where a guard did not find
 * what is asked for, since nothing in its place would be somebody else's.
 *
 * @param value what is made of a param
 * @param claim what is made of what a guard found; `undefined` if that cannot stand there
 */
export function fill(
  text: string,
  { params = {}, authorization }: Filling,
  value = (param: string): string => param,
  claim = (found: string): string | undefined => found,
): string | undefined {
  let isMissing = false;
  const filled = text.replace(SLOT, (_, param?: string, guard?: string, identity?: string, attribute?: string) => {
    if (param !== undefined) return Object.hasOwn(params, param) ? value(params[param] as string) : '';
    const found = authorization?.get(guard as string);
    const { attributes = {} } = found ?? {};
    const known = identity !== undefined ? found?.identity : own(attributes, attribute as string);
    const made = known === undefined ? undefined : claim(known);
    if (made === undefined) isMissing = true;
    return made ?? '';
  });
  return isMissing ? undefined : filled;
}

const own = (values: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;
