import { guards } from './guards.ts';
import { implies, type Schema } from './json-schema.ts';
import type { Kind } from './kind.ts';
import { kinds, refusedTypes } from './registry.ts';
import { bindingSchema, mapOf, outline, partSchema, sections } from './schema.ts';
import { vaults } from './vaults.ts';

/**
 * The JSON Schema (draft 7) of a config, for editors: what the compiler accepts, but for what only names can show (that
 * they exist, speak the right protocol and form no cycle).
 */
export function jsonSchema(): Schema & { readonly $schema: string; readonly title: string } {
  const none: Schema = { type: 'object', additionalProperties: false };
  const published = publish({
    ...outline,
    properties: {
      ...sections,
      ...Object.fromEntries(Object.keys(refusedTypes).map((section) => [section, none])),
      vaults: mapOf('where keys and certificates are kept', choice('how they are kept', vaults)),
      guards: mapOf('who may pass', choice('how it recognises', guards)),
      bindings: mapOf('the bindings, by name', bindingChoice()),
    },
  });
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'sluice', ...published };
}

const is = (key: string, value: string): Schema => ({ properties: { [key]: { const: value } }, required: [key] });

const choice = (description: string, types: Readonly<Record<string, { readonly options: Schema }>>): Schema => ({
  type: 'object',
  properties: { type: { description, enum: Object.keys(types) } },
  required: ['type'],
  allOf: Object.entries(types).map(([type, { options }]) => implies(is('type', type), partSchema(type, options))),
});

function bindingChoice(): Schema {
  const made = kinds.filter(({ make }) => make !== undefined);
  const kindsOf = (type: string): string[] => made.filter((one) => one.type === type).map(({ kind }) => kind);
  const types = [...new Set(made.map(({ type }) => type))];
  const chosen = ({ type, kind }: Kind): Schema => ({ allOf: [is('type', type), is('kind', kind)] });
  return {
    type: 'object',
    properties: {
      type: { description: 'what it is', enum: types },
      kind: { description: 'which end of it', type: 'string' },
    },
    required: ['type', 'kind'],
    allOf: [
      ...types.map((type) => implies(is('type', type), { properties: { kind: { enum: kindsOf(type) } } })),
      ...made.map((one) => implies(chosen(one), { description: one.about, ...bindingSchema(one) })),
    ],
  };
}

const EXPRESSION: Schema = { type: 'string', pattern: '\\$\\{\\{' };

/** As editors need it: without what this build cannot honour, and with an expression wherever a value may be one. */
function publish(schema: Schema): Schema {
  const { description, properties, items, additionalProperties, anyOf, allOf, then, ...rest } = schema;
  const published: Schema = {
    ...rest,
    ...(properties && { properties: publishEach(properties) }),
    ...(items && { items: publish(items) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'boolean' ? additionalProperties : publish(additionalProperties),
    }),
    ...(anyOf && { anyOf: anyOf.map(publish) }),
    ...(allOf && { allOf: allOf.map(publish) }),
    // biome-ignore lint/suspicious/noThenProperty: this is how JSON Schema spells it
    ...(then && { then: publish(then) }),
  };
  const isNarrow =
    rest.enum !== undefined || rest.pattern !== undefined || /^(integer|number|boolean)$/.test(rest.type ?? '');
  return {
    ...(description !== undefined && { description }),
    ...(isNarrow ? { anyOf: [published, EXPRESSION] } : published),
  };
}

const publishEach = (properties: Readonly<Record<string, Schema>>): Record<string, Schema> =>
  Object.fromEntries(
    Object.entries(properties)
      .filter(([, schema]) => schema.unsupported === undefined)
      .map(([key, schema]) => [key, publish(schema)]),
  );
