import { ConfigError, compile, type Problem } from '../../graphs/index.ts';

/** The mistakes in a config; of one that compiles, the warnings. */
export function problemsOf(text: string, env: Record<string, string> = {}, file = 'config'): readonly Problem[] {
  try {
    return compile(text, { env, file }).warnings;
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems;
    throw thrown;
  }
}

/** A problem in a line, as the broken files say it: place, code, suggestion. */
export const inALine = ({ line, column, code, suggestion }: Problem): string =>
  `${line}:${column} ${code}${suggestion === undefined ? '' : `, ${suggestion}`}`;
