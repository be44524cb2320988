import { isMap, isPair, type Pair, parseDocument, type Scalar, visit, type YAMLMap } from 'yaml';

/** A config with one key spoilt, and the lines, from 1, at which a mistake may be told. */
export interface Mutation {
  readonly how: string;
  readonly text: string;
  readonly lines: readonly number[];
}

/** Numbers from 0 up to, not including, 1, the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = <T>(from: readonly T[], next: () => number): T => from[Math.floor(next() * from.length)] as T;

/** Spoils one key of a config written in block style: misspelled, removed, doubled or given a wrong type. */
export function mutate(text: string, next: () => number): Mutation {
  const { pair, holders, siblings } = pick(pairsOf(text), next);
  const key = pair.key as Scalar<string>;
  const [start, end] = key.range as unknown as [number, number];
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length;
  const lines = text.split('\n');
  const first = lineOf(start);
  const value = pair.value as Scalar | YAMLMap | null;
  const last = Math.max(first, lineOf((value?.range?.[1] ?? end) - 1));
  const own = lines.slice(first - 1, last);
  // A name may be missed where it is used, what goes with a section included, and a key where it belongs.
  const beside = siblings.map((sibling) => lines[lineOf(sibling) - 1] ?? '');
  const given = [...own, ...beside].flatMap((line) =>
    [...line.matchAll(/\{(\w+)\}/g)].map(([, name]) => `\${params.${name}}`),
  );
  const names = [key.value, ...given, ...(isMap(value) ? value.items.map((item) => String(item.key)) : [])];
  const used = lines.flatMap((line, index) =>
    names.some((name) => line.trimEnd().endsWith(` ${name}`)) ? [index + 1] : [],
  );
  const span = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const above = holders.flatMap((holder) => [lineOf(holder), lineOf(holder) + 1]);
  const at = [...span, ...used, ...(above.length === 0 ? [1, 2, 3] : above)];

  switch (pick(['misspelled', 'removed', 'doubled', 'wrong type'] as const, next)) {
    case 'misspelled': {
      const place = Math.floor(next() * key.value.length);
      const wrong = `${key.value.slice(0, place)}${pick(['', 'x', key.value.charAt(place).repeat(2)], next)}${key.value.slice(place + 1)}`;
      return { how: `misspelled ${key.value}`, text: text.slice(0, start) + wrong + text.slice(end), lines: at };
    }
    case 'removed': {
      // The item of a list stays, though its first key goes.
      const before = text.slice(text.lastIndexOf('\n', start) + 1, start).trimEnd();
      const left = before === '' ? [] : [before];
      return {
        how: `removed ${key.value}`,
        text: [...lines.slice(0, first - 1), ...left, ...lines.slice(last)].join('\n'),
        // What follows it moves up. What is beside it may be wrong without it.
        lines: [
          ...at,
          ...siblings.map(lineOf),
          first + left.length,
          ...used.map((line) => line - own.length + left.length),
        ],
      };
    }
    case 'doubled': {
      const doubled = [...lines.slice(0, last), ...own, ...lines.slice(last)].join('\n');
      const down = [...span, ...used].map((line) => line + own.length);
      return { how: `doubled ${key.value}`, text: doubled, lines: [...at, ...down] };
    }
    default: {
      const wrong = pick(['[]', '{}', 'true', '12.5', '', '[[x]]', '{x: {}}', 'null', '"x y"', '-1'], next);
      const spoilt = `${(lines[first - 1] ?? '').slice(0, start - text.lastIndexOf('\n', start) - 1)}${key.value}: ${wrong}`;
      const replaced = [...lines.slice(0, first - 1), spoilt, ...lines.slice(last)].join('\n');
      // What follows a removed block moves up.
      return {
        how: `${key.value} became ${wrong}`,
        text: replaced,
        lines: [...at, ...used.map((line) => line - last + first)],
      };
    }
  }
}

/** A pair, and where keys begin: of what holds it and of the binding that it is of, and of those beside it. */
interface Place {
  readonly pair: Pair;
  readonly holders: readonly number[];
  readonly siblings: readonly number[];
}

function pairsOf(text: string): Place[] {
  const pairs: Place[] = [];
  const startOf = ({ key }: Pair): number => (key as Scalar).range?.[0] ?? 0;
  visit(parseDocument(text), {
    Pair(_, pair, path) {
      const above = path.filter(isPair);
      const holders = [...above.slice(-1), ...above.slice(1, 2)].map(startOf);
      const { items } = path.at(-1) as YAMLMap;
      pairs.push({ pair, holders, siblings: items.map(startOf) });
    },
  });
  return pairs;
}
