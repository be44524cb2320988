import type { Code } from '../src/errors.ts';
import { nearest } from './suggest.ts';

/** The variables that `${{env.NAME}}` reads. */
export type Env = Readonly<Record<string, string | undefined>>;

const OPENING = '$' + '{{';

/** For a config in code: what YAML writes `${{env.NAME}}`. */
export const env = (name: string): string => `${OPENING}env.${name}}}`;

/** What is wrong with an expression. */
export interface Refusal {
  readonly code: Code;
  readonly message: string;
  readonly suggestion?: string | undefined;
}

const EXPRESSION = /\$\{\{\s*([A-Za-z]*)\.([^\s}]*)\s*\}\}/g;

/** Characters of no meaning of their own, which a config cannot hold (see `parse`), in place of braces. */
const BRACES = { '{': '\ue001', '}': '\ue002' };

/** The text, as long as it was, with expressions that no bracket of YAML around them can break. */
export const shield = (text: string): string =>
  text.replaceAll(EXPRESSION, (written) => written.replaceAll('{', BRACES['{']).replaceAll('}', BRACES['}']));

/** What `shield` was given. */
export const unshield = (text: string): string => text.replaceAll(BRACES['{'], '{').replaceAll(BRACES['}'], '}');

/** Whether a scalar holds an expression, well written or not. */
export const hasExpression = (text: string): boolean => text.includes(OPENING);

/** The text with its expressions replaced by their values; each that cannot be is told to `refuse`. */
export function resolveExpressions(text: string, env: Env, refuse: (refusal: Refusal) => void): string {
  const malformed = text.replaceAll(EXPRESSION, '').includes(OPENING);
  if (malformed) {
    refuse({
      code: 'CONFIG_EXPRESSION',
      message: 'this is not an expression',
      suggestion: `write ${OPENING}env.NAME}}`,
    });
    return text;
  }
  return text.replaceAll(EXPRESSION, (written, resolver: string, name: string) => {
    if (resolver !== 'env') {
      const message = `nothing resolves \`${resolver}\``;
      refuse({ code: 'CONFIG_EXPRESSION', message, suggestion: `write ${OPENING}env.${name}}}` });
      return written;
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value !== undefined) return value;
    const near = nearest(name, Object.keys(env));
    const suggestion = near === undefined ? `set ${name} in the environment` : `did you mean \`${near}\`?`;
    refuse({ code: 'CONFIG_ENV_UNSET', message: `the environment variable \`${name}\` is not set`, suggestion });
    return written;
  });
}
