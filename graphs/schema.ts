import type { Schema } from './json-schema.ts';
import { type Kind, triedOn } from './kind.ts';

const name: Schema = {
  description: 'a name: a letter, then letters, digits, `.`, `_` or `-`',
  type: 'string',
  pattern: '^[a-zA-Z]+[a-zA-Z0-9._-]*$',
};
const roles: Schema = {
  description: 'the guards to pass, each with the roles it asks for',
  type: 'object',
  additionalProperties: { type: 'array', items: { type: 'string' } },
};
/** A route that asks for guards where streams say nothing of them would never take any. */
const unguarded: Schema = { type: 'object', unsupported: 'network streams do not say whom guards recognised' };
/** A mapping of names to things alike. */
export const mapOf = (description: string, each: Schema): Schema => ({
  description,
  type: 'object',
  propertyNames: name,
  additionalProperties: each,
});
const typed: Schema = { type: 'object', properties: { type: { type: 'string' } }, required: ['type'] };
const binding: Schema = {
  type: 'object',
  properties: {
    type: { type: 'string', description: 'what it is, such as `tcp`' },
    kind: { type: 'string', description: 'which end of it, such as `server`' },
  },
  required: ['type', 'kind'],
};

/** The keys of a config but for its bindings. */
export const sections = {
  name,
  vaults: mapOf('where keys and certificates are kept', typed),
  guards: mapOf('who may pass', typed),
  stores: mapOf('none is honoured yet', typed),
  catalogs: mapOf('where the schemas of messages are kept; none is honoured yet', typed),
  telemetry: { description: 'not honoured yet; ignored with a warning' },
} satisfies Record<string, Schema>;

/** The outer shape of a config: enough to look its bindings over one by one. */
export const outline: Schema = {
  type: 'object',
  properties: { ...sections, bindings: mapOf('the bindings, by name', binding) },
  required: ['name', 'bindings'],
  additionalProperties: false,
};

/** What a vault or guard of a type holds. */
export const partSchema = (type: string, options: Schema): Schema => ({
  type: 'object',
  properties: { type: { const: type }, options },
  required: ['type', 'options'],
  additionalProperties: false,
});

const somewhere: Schema = {
  description: 'an `exit`, or `routes`',
  anyOf: [{ required: ['exit'] }, { required: ['routes'] }],
};

/** What a binding of a kind holds. */
export function bindingSchema(described: Kind): Schema {
  const { type, kind, exit, options, when, with: made, vault, rules } = described;
  const route: Schema = {
    type: 'object',
    properties: {
      ...(when && { when: { description: 'conditions, any of which takes a stream', type: 'array', items: when } }),
      ...(made && { with: made }),
      ...(exit !== 'none' && { exit: { description: 'the binding it leads to', type: 'string' } }),
      guarded: triedOn(described) === 'net' ? unguarded : roles,
    },
    required: [...(exit === 'none' ? ['when'] : ['exit']), ...(made?.required ? ['with'] : [])],
    additionalProperties: false,
  };
  return {
    type: 'object',
    properties: {
      type: { const: type },
      kind: { const: kind },
      ...(vault === true && { vault: { description: 'the vault its keys and certificates are in', type: 'string' } }),
      ...(options && { options }),
      ...((when || exit !== 'none') && {
        routes: { description: 'tried in order, before the exit', type: 'array', items: route },
      }),
      ...(exit !== 'none' && { exit: { description: 'the binding it leads to when no route does', type: 'string' } }),
      telemetry: sections.telemetry,
    },
    required: ['type', 'kind', ...(options?.required ? ['options'] : [])],
    additionalProperties: false,
    allOf: [exit === 'none' ? {} : somewhere, rules ?? {}],
  };
}
