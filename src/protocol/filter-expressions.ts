import { type Expression, type ExpressionNames, type ExpressionValues, expression } from './expression.ts';
import type { Condition, Filter } from './kafka.ts';

/** A filter as a config has it: a key and headers, all of which a record must have; each may hold expressions. */
export interface FilterExpressions {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Answers the filters for a stream, of which a record must meet any; `undefined` where an expression has no value there.
 *
 * @throws SluiceError OPTION_INVALID for an expression that has no value anywhere
 */
export function filterExpressions(
  filters: readonly FilterExpressions[],
  names: ExpressionNames = {},
): (values: ExpressionValues) => readonly Filter[] | undefined {
  const made = filters.map(({ key, headers = {} }) => ({
    key: key === undefined ? undefined : expression(key, names),
    headers: Object.entries(headers).map(([name, value]) => [name, expression(value, names)] as const),
  }));
  return (values) => {
    const filled: Filter[] = [];
    for (const { key, headers } of made) {
      const filter = filterOf(key, headers, values);
      if (filter === undefined) return undefined;
      filled.push(filter);
    }
    return filled;
  };
}

function filterOf(
  key: Expression | undefined,
  headers: readonly (readonly [string, Expression])[],
  values: ExpressionValues,
): Filter | undefined {
  const conditions: Condition[] = [];
  if (key !== undefined) {
    const value = key(values);
    if (value === undefined) return undefined;
    conditions.push({ key: Buffer.from(value) });
  }
  for (const [name, expression] of headers) {
    const value = expression(values);
    if (value === undefined) return undefined;
    conditions.push({ header: { name, value: Buffer.from(value) } });
  }
  return conditions;
}
