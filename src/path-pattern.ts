/** What stood in place of `{name}`s, by their names. */
export type Params = Readonly<Record<string, string>>;

/**
 * Reads a path by a pattern: `{name}` stands for some characters, without `/` unless it is the last thing of the pattern,
 * and `*` for any. Answers the params of a path that matches, as they stand in it.
 *
 * @example pathPattern('/items/{id}')('/items/1') // => { id: '1' }
 */
export function pathPattern(pattern: string): (path: string) => Params | undefined {
  const [first = '', ...rest] = pattern.split(SLOT);
  return (path) => {
    const params: Record<string, string> = {};
    if (!path.startsWith(first)) return undefined;
    let at = first.length;
    for (let index = 0; index < rest.length; index += 2) {
      const [slot, literal] = [rest[index] as string, rest[index + 1] as string];
      const isLast = index + 2 === rest.length;
      // Taking each literal where it first occurs is linear, where a regular expression would backtrack on a peer's path.
      const end = isLast ? path.length - literal.length : path.indexOf(literal, slot === '*' ? at : at + 1);
      if (end < at || !path.startsWith(literal, end)) return undefined;
      if (slot !== '*') {
        const taken = path.slice(at, end);
        if (taken === '' || (taken.includes('/') && !(isLast && literal === ''))) return undefined;
        params[slot.slice(1, -1)] = taken;
      }
      at = end + literal.length;
    }
    return at === path.length ? params : undefined;
  };
}

const SLOT = /(\{\w+\}|\*)/;

/** When a route takes a request: all that is given must hold. */
export interface PathWhen {
  /** The path without the query: `{name}` for a param, `*` for any run of characters. */
  readonly path?: string;
  readonly method?: string;
}

/**
 * Answers the params of what any of the conditions takes, their escapes resolved; without a condition, everything is taken.
 *
 * @throws URIError where a param has an escape that is none
 */
export function pathConditions(
  when: readonly PathWhen[],
): (asked: { readonly path: string; readonly method?: string }) => Params | undefined {
  const conditions = when.map(({ path, method }) => ({
    method,
    read: path === undefined ? always : pathPattern(path),
  }));
  if (conditions.length === 0) return always;
  return ({ path, method }) => {
    for (const { read, method: wanted } of conditions) {
      const params = wanted === undefined || wanted === method ? read(path) : undefined;
      if (params === undefined) continue;
      return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, decodeURIComponent(value)]));
    }
    return undefined;
  };
}

const always = (): Params => ({});

/** The names of the params that are there whichever of the conditions takes a request. */
export function paramsOf(when: readonly PathWhen[]): string[] {
  const [first = [], ...others] = when.map(({ path = '' }) =>
    path.split(SLOT).flatMap((part) => (/^\{\w+\}$/.test(part) ? [part.slice(1, -1)] : [])),
  );
  return first.filter((name) => others.every((names) => names.includes(name)));
}
