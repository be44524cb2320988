import { distance } from 'fastest-levenshtein';

const LONGEST = 64;

/** The one of `names` that `word` was most likely meant to be, if one is near enough. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  // Comparing takes time in the product of the lengths, and nobody misspells a name at such length.
  if (word.length > LONGEST) return undefined;
  let best: string | undefined;
  let least = (word.length === 1 ? 0 : Math.max(1, Math.floor(word.length / 3))) + 1;
  for (const name of names) {
    const away = sameLetters(word, name) ? 0 : distance(word, name);
    if (name !== word && away < least) {
      best = name;
      least = away;
    }
  }
  return best;
}

const sameLetters = (one: string, other: string): boolean =>
  one.length === other.length && sorted(one) === sorted(other);
const sorted = (word: string): string => [...word.toLowerCase()].sort().join('');

/** What to say when `word` is none of `names`: the nearest, or else all of them if they are few. */
export function suggest(word: string, names: Iterable<string>): string | undefined {
  const known = [...names];
  const near = nearest(word, known);
  if (near !== undefined) return `did you mean \`${near}\`?`;
  return known.length > 0 && known.length <= 24
    ? `known here: ${known.map((name) => `\`${name}\``).join(', ')}`
    : undefined;
}

/** The thing with its article. */
export const a = (thing: string): string => `${/^([aeiou]|http|mqtt|sse)/i.test(thing) ? 'an' : 'a'} ${thing}`;
