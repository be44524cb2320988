import { check } from './check.ts';
import { type Child, children, list, record, type Section, text } from './data.ts';
import type { Kind } from './kind.ts';
import { kinds, refusedTypes } from './registry.ts';
import { bindingSchema, outline, vaultSchema } from './schema.ts';
import { type Source, under } from './source.ts';
import { a, suggest } from './suggest.ts';
import { vaultKind, vaults } from './vaults.ts';

/** A config with every name looked up. */
export interface Plan {
  readonly name: string;
  readonly vaults: ReadonlyMap<string, PlannedVault>;
  readonly bindings: ReadonlyMap<string, Planned>;
}

/** A vault as it is declared. */
export interface PlannedVault {
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
}

/** Looks up what a config declares, and reports what is unknown, refused, misplaced or missing. */
export function resolve(source: Source, config: unknown): Plan {
  check(source, outline, config, '', 'a config');
  const root = record(config);
  for (const section of ['guards', 'stores', 'catalogs'] as const) refuse(source, root, section);
  if ('telemetry' in root) ignoreTelemetry(source, '/telemetry');
  return {
    name: text(root.name) ?? '',
    vaults: new Map(children(root, 'vaults').map((child) => [child.name, planVault(source, child)])),
    bindings: new Map(children(root, 'bindings').map((child) => [child.name, plan(source, child, root)])),
  };
}

function planVault(source: Source, { value, pointer }: Child): PlannedVault {
  const type = text(value.type) ?? '';
  const vault = vaultKind(type);
  if (vault !== undefined) check(source, vaultSchema(type, vault.options), value, pointer, a(`${type} vault`));
  else if (type !== '') unknownType(source, pointer, 'vault', type, Object.keys(vaults));
  return { type, options: value.options, pointer };
}

function plan(source: Source, { name, value, pointer }: Child, root: Section): Planned {
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
    findGuards(source, route, `${pointer}/routes/${index}/guarded`, Object.keys(record(root.guards)));
    return { when: 'when' in route ? list(route.when) : undefined, with: route.with, exit: text(route.exit) };
  });
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

function findGuards(source: Source, route: Section, pointer: string, known: readonly string[]): void {
  for (const guard of Object.keys(record(route.guarded))) {
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
    const { value: at } = source.place(under(pointer, 'type'));
    if (types.includes(type))
      source.error('CONFIG_UNSUPPORTED', at, `this build has no ${type} ${what} yet`, 'leave it out');
    else unknownType(source, pointer, what, type, types);
  }
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
