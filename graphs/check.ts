import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { match } from 'ts-pattern';
import type { Schema } from './json-schema.ts';
import { type Source, under } from './source.ts';
import { nearest, suggest } from './suggest.ts';

const ajv = new Ajv({ allErrors: true, verbose: true, strict: false });
ajv.addKeyword({ keyword: 'unsupported', validate: () => false });

const compiled = new Map<string, ValidateFunction>();

/**
 * Holds `value`, which stands at `pointer`, against a schema, and reports every way in which it differs. Where an
 * expression gave a string and a number or boolean is wanted, it is converted in place.
 *
 * @param what what the schema describes, for messages: "a tcp server"; no two schemas describe the same
 */
export function check(source: Source, schema: Schema, value: unknown, pointer: string, what: string): void {
  const validate = compiled.get(what) ?? ajv.compile(schema);
  compiled.set(what, validate);
  if (validate(value)) return;
  if (convert(source, validate.errors ?? [], value, pointer) && validate(value)) return;
  for (const error of telling(validate.errors ?? [])) report(source, error, pointer, what);
}

/** Converts what expressions gave as strings; answers whether there was any. */
function convert(source: Source, errors: readonly ErrorObject[], value: unknown, pointer: string): boolean {
  let converted = false;
  for (const { keyword, instancePath, schema, data } of errors) {
    if (keyword !== 'type' || source.place(pointer + instancePath).outcome !== 'resolved') continue;
    const read = match(schema)
      .with('integer', 'number', () => (data === '' || Number.isNaN(Number(data)) ? undefined : Number(data)))
      .with('boolean', () => (data === 'true' ? true : data === 'false' ? false : undefined))
      .otherwise(() => undefined);
    if (read === undefined) continue;
    set(value, instancePath, read);
    converted = true;
  }
  return converted;
}

const plainKey = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~');

function set(value: unknown, pointer: string, to: unknown): void {
  const keys = pointer.split('/').slice(1).map(plainKey);
  const last = keys.pop();
  if (last === undefined) return;
  let holder = value as Record<string, unknown>;
  for (const key of keys) holder = holder[key] as Record<string, unknown>;
  holder[last] = to;
}

/** Of what ajv says, what a reader needs: of a union the branch that was meant, else the union as a whole. */
function telling(errors: readonly ErrorObject[]): ErrorObject[] {
  const unions = errors.filter((error) => error.keyword === 'anyOf');
  const isWithin = (error: ErrorObject, union: ErrorObject): boolean =>
    error !== union && error.schemaPath.startsWith(`${union.schemaPath}/`);
  const isDeeper = (error: ErrorObject, union: ErrorObject): boolean =>
    isWithin(error, union) && error.instancePath.length > union.instancePath.length;
  return errors.filter((error) => {
    if (error.keyword === 'if' || error.propertyName !== undefined) return false;
    if (error.keyword === 'anyOf' && errors.some((other) => isDeeper(other, error))) return false;
    if (unions.some((union) => isWithin(error, union) && !isDeeper(error, union))) return false;
    return error.keyword !== 'required' || !errors.some((other) => isMisspelled(other, error));
  });
}

/** Whether a missing key is there after all, under another name that will be reported. */
const isMisspelled = (unknown: ErrorObject, missing: ErrorObject): boolean =>
  unknown.keyword === 'additionalProperties' &&
  unknown.instancePath === missing.instancePath &&
  nearest(unknown.params.additionalProperty, [missing.params.missingProperty]) !== undefined;

function report(source: Source, error: ErrorObject, pointer: string, what: string): void {
  const { keyword, params, instancePath } = error;
  const place = source.place(pointer + instancePath);
  if (place.outcome === 'failed') return;
  const schema = error.parentSchema as Schema;
  const name = instancePath === '' ? what : nameOf(pointer + instancePath);
  const { key, value } = place;
  const write = `write ${described(schema)}`;
  match(keyword)
    .with('additionalProperties', () => {
      const extra: string = params.additionalProperty;
      const known = Object.keys(schema.properties ?? {});
      const at = source.place(under(pointer + instancePath, extra)).key;
      source.error('CONFIG_UNKNOWN_KEY', at, `${name} takes no \`${extra}\``, suggest(extra, known));
    })
    .with('propertyNames', () => {
      const at = source.place(under(pointer + instancePath, params.propertyName)).key;
      const rule = described(schema.propertyNames ?? {});
      source.error('CONFIG_VALUE', at, `\`${params.propertyName}\` cannot be a name`, `write ${rule}`);
    })
    .with('required', () => {
      const missing: string = params.missingProperty;
      source.error('CONFIG_MISSING', key, `${name} needs \`${missing}\``, addition(missing, schema));
    })
    .with('unsupported', () => {
      const message = `${name} cannot be honoured by this build: ${error.schema}`;
      source.error('CONFIG_UNSUPPORTED', key, message, 'leave it out');
    })
    .with('type', () => source.error('CONFIG_TYPE', value, `${name} is of the wrong type`, write))
    .with('enum', () =>
      source.error('CONFIG_VALUE', value, `${name} cannot be this`, suggest(String(error.data), schema.enum ?? [])),
    )
    .with('anyOf', () => {
      if (schema.anyOf?.every((branch) => branch.required !== undefined)) {
        source.error('CONFIG_MISSING', key, `${name} leads nowhere`, `add ${described(schema)}`);
      } else if (isOfAType(error.data, schema)) source.error('CONFIG_VALUE', value, `${name} cannot be this`, write);
      else source.error('CONFIG_TYPE', value, `${name} is of the wrong type`, write);
    })
    .otherwise(() => source.error('CONFIG_VALUE', value, `${name} cannot be this`, write));
}

/** Whether the value is of the right type for a branch of a union, and so fails it on something else. */
const isOfAType = (value: unknown, { anyOf = [] }: Schema): boolean =>
  anyOf.some(({ type }) =>
    type === 'integer' || type === 'number' ? typeof value === 'number' : typeof value === type,
  );

/** What stands at a pointer, in words: its key, or its place in a list. */
function nameOf(pointer: string): string {
  const [list, key = ''] = pointer.split('/').slice(-2).map(plainKey);
  return /^\d+$/.test(key) ? `item ${Number(key) + 1} of \`${list}\`` : `\`${key}\``;
}

/** What to write to add a missing key. */
function addition(key: string, schema: Schema): string {
  const wanted = schema.properties?.[key];
  return `add \`${key}:\`${wanted?.description === undefined ? '' : `, ${wanted.description}`}`;
}

const articles: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a mapping of keys to values',
};

/** What a schema wants, in words that follow "write". */
function described(schema: Schema): string {
  if (schema.anyOf !== undefined) return schema.description ?? schema.anyOf.map(described).join(' or ');
  const plain = articles[schema.type ?? ''] ?? 'something else';
  if (schema.minimum !== undefined && schema.maximum !== undefined)
    return `${plain} from ${schema.minimum} to ${schema.maximum}`;
  return schema.pattern === undefined ? plain : (schema.description ?? `a string like ${schema.pattern}`);
}
