import { type HttpBegin, pathOf } from '../../src/protocol/http.ts';
import { covers } from '../../src/wildcard.ts';

/** When a route of an http binding takes a stream: all headers that are given must be there, and so. */
export interface HttpWhen {
  /** By name, pseudo-headers included; `*` for any run of characters. A `:path` without `?` is one with any query. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether `when` takes a stream that begins with `begin`. */
export const httpMatches = ({ headers = {} }: HttpWhen, begin: HttpBegin): boolean =>
  Object.entries(headers).every(([wanted, pattern]) =>
    begin.headers?.some(({ name, value }) => {
      if (name !== wanted.toLowerCase()) return false;
      // What a client writes into a query must not lead its path to another route.
      return covers(pattern, name === ':path' && !pattern.includes('?') ? pathOf(value) : value);
    }),
  );
