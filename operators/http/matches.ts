import { type HttpBegin, pathOf } from '../../src/protocol/http.ts';
import { covers } from '../../src/wildcard.ts';

/** When a route of an http binding takes a stream: all headers that are given must be there, and so. */
export interface HttpWhen {
  /** By name, pseudo-headers included; `*` for any run of characters. A `:path` is one with any query, too. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether `when` takes a stream that begins with `begin`. */
export const httpMatches = ({ headers = {} }: HttpWhen, begin: HttpBegin): boolean =>
  Object.entries(headers).every(([wanted, pattern]) =>
    begin.headers?.some(({ name, value }) => {
      if (name !== wanted.toLowerCase()) return false;
      return covers(pattern, value) || (name === ':path' && covers(pattern, pathOf(value)));
    }),
  );
