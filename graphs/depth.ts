import { type CST, Parser } from 'yaml';

/** How deep the values of a config may nest. */
export const MOST_LEVELS = 100;

/**
 * Where a text nests deeper than `MOST_LEVELS`, as an offset; `undefined` if it does not. It looks at tokens, with a
 * list of its own: composing a text calls as deep as that text nests, and so far down a stack even the engine can fail.
 */
export function tooDeep(text: string): number | undefined {
  const left: { token: CST.Token | null | undefined; level: number }[] = [];
  for (const token of new Parser().parse(text)) left.push({ token, level: 0 });
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { token, level } = next;
    if (!token) continue;
    if (level > MOST_LEVELS) return token.offset;
    if (token.type === 'document') left.push({ token: token.value, level });
    else if ('items' in token) {
      for (const item of token.items) {
        left.push({ token: item.key, level: level + 1 }, { token: item.value, level: level + 1 });
      }
    }
  }
  return undefined;
}
