import { createHash, timingSafeEqual } from 'node:crypto';
import { of } from 'rxjs';
import { SluiceError } from '../errors.ts';
import type { Guard, Identity } from '../protocol/guard.ts';

export interface InlineGuardOptions {
  /** Who shows `credentials`, and who this graph itself is to others. */
  readonly identity?: string;
  /** What it shows. */
  readonly credentials?: string;
  /**
   * What credentials look like that are for others to check: `{identity}` and `{credentials}`, with something between.
   * Whoever shows some of that form is taken at its word.
   */
  readonly format?: string;
}

/**
 * Recognises who shows what an option says, and says who this graph is to others. With a `format` it takes clients at their
 * word: then it guards nothing, but lets what is behind it check their credentials, as a broker does.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function inlineGuard({ identity, credentials, format }: InlineGuardOptions): Guard {
  const recognise = format === undefined ? expecting(identity, credentials) : reading(format);
  return {
    identify: (shown) => of(recognise(shown)),
    ...((identity ?? credentials) !== undefined && { own: known(identity, credentials) }),
  };
}

const known = (identity: string | undefined, credentials: string | undefined): Identity => ({
  identity,
  ...(credentials !== undefined && { credentials }),
  roles: [],
  attributes: {},
});

type Recognise = (shown: string) => Identity | undefined;

function expecting(identity: string | undefined, credentials: string | undefined): Recognise {
  if (credentials === undefined) return () => undefined;
  const expected = digest(credentials);
  // Digests, so that neither where two texts differ nor how long one is takes a time of its own.
  return (shown) => (timingSafeEqual(digest(shown), expected) ? known(identity, shown) : undefined);
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function reading(format: string): Recognise {
  const [before = '', first, between = '', second, after = '', ...more] =
    format.split(/(\{identity\}|\{credentials\})/);
  if (first === second || second === undefined || between === '' || more.length > 0)
    throw new SluiceError('OPTION_INVALID', 'format must be such as {identity}:{credentials}, each once');
  return (shown) => {
    if (!shown.startsWith(before) || !shown.endsWith(after)) return undefined;
    const inner = shown.slice(before.length, shown.length - after.length);
    const at = inner.indexOf(between);
    const [left, right] = [inner.slice(0, at), inner.slice(at + between.length)];
    if (at <= 0 || right === '') return undefined;
    return first === '{identity}' ? known(left, right) : known(right, left);
  };
}
