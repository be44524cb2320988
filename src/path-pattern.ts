/** What stood in place of `{name}`s, by their names. */
export type Params = Readonly<Record<string, string>>;

/**
 * Reads a path by a pattern: `{name}` stands for some characters, without `/` unless it is the last thing of the pattern,
 * and `*` for any. Answers the params of a path that matches, as they stand in it.
 *
 * @example pathPattern('/items/{id}')('/items/1') // => { id: '1' }
 */
export function pathPattern(pattern: string): (path: string) => Params | undefined {
  const [first = '', ...rest] = pattern.split(/(\{\w+\}|\*)/);
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
