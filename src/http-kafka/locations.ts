import { type Params, pathPattern } from '../path-pattern.ts';
import { type ExpressionNames, type ExpressionValues, expression } from '../protocol/expression.ts';
import { type HttpBegin, type HttpHeader, headerOf, httpFault, pathOf } from '../protocol/http.ts';

/** The headers that tell where an answer will be, and the requests for it. */
export interface Locations {
  /** Those of a request; what is filled in is escaped as in a path. */
  headersOf(values: ExpressionValues, correlationId: string): readonly HttpHeader[];
  /** What a request is related to that asks for an answer; `undefined` where its path is not one of these. */
  correlationOf(begin: HttpBegin): string | undefined;
}

/**
 * Makes them of headers whose values hold `${correlationId}`.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function locations(headers: Readonly<Record<string, string>>, names: ExpressionNames): Locations {
  const others = [...(names.others ?? []), 'correlationId'];
  const made = Object.entries(headers).map(([name, value]) => ({
    name: name.toLowerCase(),
    fill: expression(value, { ...names, others, claim: encodeURIComponent }),
  }));
  const paths = Object.values(headers)
    .map((value) => value.replace(/\$\{params\.(\w+)\}|\$\{(correlationId)\}/g, '{$1$2}').replace(/\$\{[^}]*\}/g, '*'))
    .filter((path) => path.startsWith('/') && path.includes('{correlationId}'))
    .map((path) => ({ hasQuery: path.includes('?'), read: pathPattern(path) }));
  return {
    headersOf: ({ params = {}, authorization }, correlationId) =>
      made.map(({ name, fill }) => {
        const others = { correlationId: encodeURIComponent(correlationId) };
        const value = fill({ params: escaped(params), authorization, others });
        if (value === undefined)
          throw httpFault('HTTP_FORBIDDEN', 'nobody is known to be asking, whose answer is meant');
        return { name, value };
      }),
    correlationOf({ headers: asked }) {
      const target = headerOf(asked, ':path') ?? '';
      for (const { hasQuery, read } of paths) {
        const { correlationId } = read(hasQuery ? target : pathOf(target)) ?? {};
        if (correlationId !== undefined) return decodeURIComponent(correlationId);
      }
      return undefined;
    },
  };
}

const escaped = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, encodeURIComponent(value)]));
