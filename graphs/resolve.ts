import type { Guarded } from '../src/protocol/guard.ts';
import { check } from './check.ts';
import { type Child, children, list, record, type Section, text } from './data.ts';
import { guards } from './guards.ts';
import type { Schema } from './json-schema.ts';
import type { Kind } from './kind.ts';
import { kinds, refusedTypes } from './registry.ts';
import { bindingSchema, outline, partSchema } from './schema.ts';
import { type Source, under } from './source.ts';
import { a, suggest } from './suggest.ts';
import { vaults } from './vaults.ts';

/** A config with every name looked up. */
export interface Plan {
  readonly name: string;
  readonly vaults: ReadonlyMap<string, PlannedPart>;
  readonly guards: ReadonlyMap<string, PlannedPart>;
  readonly bindings: ReadonlyMap<string, Planned>;
}

/** A vault or guard as it is declared. */
export interface PlannedPart {
  readonly type: string;
  readonly options: unknown;
  /** Where it stands in the text, as a JSON pointer. */
  readonly pointer: string;
}

/** A binding as it is declared. */
export interface Planned {
  readonly name: string;
  readonly kind: Kind;
  readonly options: unknown;
  readonly vault: string | undefined;
  readonly routes: readonly PlannedRoute[];
  readonly exit: string | undefined;
  readonly pointer: string;
}

/** The first route with a condition that takes a stream, or with no condition, leads it. */
export interface PlannedRoute {
  readonly when: readonly unknown[] | undefined;
  readonly with: unknown;
  readonly exit: string | undefined;
  /** The guards to pass, each with the roles that it asks for. */
  readonly guarded: Guarded;
}

/**
 * Looks up what a config declares, and reports what is unknown, refused, misplaced or missing.
 *
 * @param supplied the names of the guards that code supplies
 */
export function resolve(source: Source, config: unknown, supplied: Iterable<string>): Plan {
  check(source, outline, config, '', 'a config');
  const root = record(config);
  for (const section of ['stores', 'catalogs'] as const) refuse(source, root, section);
  if ('telemetry' in root) ignoreTelemetry(source, '/telemetry');
  const known = [...Object.keys(record(root.guards)), ...supplied];
  const parts = (section: string, what: string, kinds: PartKinds): ReadonlyMap<string, PlannedPart> =>
    new Map(children(root, section).map((child) => [child.name, planPart(source, child, what, kinds)]));
  return {
    name: text(root.name) ?? '',
    vaults: parts('vaults', 'vault', vaults),
    guards: parts('guards', 'guard', guards),
    bindings: new Map(children(root, 'bindings').map((child) => [child.name, plan(source, child, root, known)])),
  };
}

type PartKinds = Readonly<Record<string, { readonly options: Schema }>>;

function planPart(source: Source, { value, pointer }: Child, what: string, kinds: PartKinds): PlannedPart {
  const type = text(value.type) ?? '';
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (kind !== undefined) check(source, partSchema(type, kind.options), value, pointer, a(`${type} ${what}`));
  else if (type === 'x509' && what === 'guard') refuseType(source, pointer, type, what);
  else if (type !== '') unknownType(source, pointer, what, type, Object.keys(kinds));
  return { type, options: value.options, pointer };
}

function plan(source: Source, { name, value, pointer }: Child, root: Section, guards: readonly string[]): Planned {
  const kind = kindOf(source, value, pointer);
  if (kind.make !== undefined) check(source, bindingSchema(kind), value, pointer, a(`${kind.type} ${kind.kind}`));
  if ('telemetry' in value) ignoreTelemetry(source, under(pointer, 'telemetry'));
  // One that takes no vault was told so.
  const vault = kind.make === undefined || kind.vault === true ? text(value.vault) : undefined;
  if (vault !== undefined && !Object.hasOwn(record(root.vaults), vault)) {
    const at = under(pointer, 'vault');
    const suggestion = suggest(vault, Object.keys(record(root.vaults)));
    source.error('CONFIG_UNKNOWN_VAULT', source.place(at).value, `no vault is named ${source.quote(at)}`, suggestion);
  }
  const routes = list(value.routes).map((route, index) => {
    const at = `${pointer}/routes/${index}/guarded`;
    findGuards(source, Object.keys(record(route.guarded)), at, guards);
    return {
      when: 'when' in route ? list(route.when) : undefined,
      with: route.with,
      exit: text(route.exit),
      guarded: record(route.guarded) as Guarded,
    };
  });
  if (kind.guards !== undefined)
    findGuards(source, kind.guards((value.options ?? {}) as never), `${pointer}/options/authorization`, guards);
  const warnings = source.failed ? [] : kind.warnings?.((value.options ?? {}) as never);
  for (const { code, pointer: at, message, suggestion } of warnings ?? [])
    source.warning(code, source.place(`${pointer}/options${at}`).key, message, suggestion);
  return { name, kind, options: value.options, vault, routes, exit: text(value.exit), pointer };
}

/** The kind that a binding is; one that speaks anything, once reported, where there is none such. */
function kindOf(source: Source, value: Section, pointer: string): Kind {
  const type = text(value.type) ?? '';
  const kind = text(value.kind) ?? '';
  const ofType = kinds.filter((known) => known.type === type);
  const found = ofType.find((known) => known.kind === kind);
  const at = under(pointer, 'kind');
  if (type !== '' && ofType.length === 0) {
    unknownType(source, pointer, 'binding', type, new Set(kinds.map((known) => known.type)));
  } else if (type !== '' && kind !== '' && found === undefined) {
    const suggestion = suggest(
      kind,
      ofType.map((known) => known.kind),
    );
    source.error(
      'CONFIG_UNKNOWN_KIND',
      source.place(at).value,
      `no ${type} binding is of kind ${source.quote(at)}`,
      suggestion,
    );
  } else if (found !== undefined && found.make === undefined) {
    const wrong = ofType.some(({ make }) => make !== undefined) ? at : under(pointer, 'type');
    source.error(
      'CONFIG_UNSUPPORTED',
      source.place(wrong).value,
      `this build has no ${type} ${kind} binding yet`,
      'leave it out',
    );
  }
  return found ?? { type, kind, about: '', entry: 'unknown', exit: 'unknown' };
}

function findGuards(source: Source, named: readonly string[], pointer: string, known: readonly string[]): void {
  for (const guard of named) {
    if (known.includes(guard)) continue;
    const { key } = source.place(under(pointer, guard));
    source.error('CONFIG_UNKNOWN_GUARD', key, `no guard is named \`${guard}\``, suggest(guard, known));
  }
}

/** Refuses what a section declares: nothing that it could be is honoured. */
function refuse(source: Source, root: Section, section: keyof typeof refusedTypes): void {
  for (const { value, pointer } of children(root, section)) {
    const type = text(value.type);
    const types: readonly string[] = refusedTypes[section];
    const what = section.slice(0, -1);
    if (type === undefined) continue;
    if (types.includes(type)) refuseType(source, pointer, type, what);
    else unknownType(source, pointer, what, type, types);
  }
}

function refuseType(source: Source, pointer: string, type: string, what: string): void {
  const { value: at } = source.place(under(pointer, 'type'));
  source.error('CONFIG_UNSUPPORTED', at, `this build has no ${type} ${what} yet`, 'leave it out');
}

function unknownType(source: Source, pointer: string, what: string, type: string, known: Iterable<string>): void {
  const at = under(pointer, 'type');
  source.error(
    'CONFIG_UNKNOWN_TYPE',
    source.place(at).value,
    `no ${what} is of type ${source.quote(at)}`,
    suggest(type, known),
  );
}

const ignoreTelemetry = (source: Source, pointer: string): void =>
  source.warning(
    'CONFIG_UNSUPPORTED',
    source.place(pointer).key,
    'telemetry is not honoured by this build, and ignored',
    'leave it out',
  );
