import { dirname, join } from 'node:path';
import type { Observable } from 'rxjs';
import { guarded } from '../operators/flow/guarded.ts';
import { route } from '../operators/flow/route.ts';
import { codes, SluiceError } from '../src/errors.ts';
import { Life } from '../src/life.ts';
import { ExpressionError } from '../src/protocol/expression.ts';
import type { Guard } from '../src/protocol/guard.ts';
import type { Binding, Protocol } from '../src/protocol.ts';
import { eventLoop } from '../src/scheduler.ts';
import type { CompileOptions, Supplied, Supplies } from './compile.ts';
import { bindingEvents, guardEvents } from './events.ts';
import { Graph, type GraphNode } from './graph.ts';
import { guardKind } from './guards.ts';
import type { Beside, Kind, OwnRoute, Parts } from './kind.ts';
import { ConfigError } from './problem.ts';
import type { Plan, Planned, PlannedRoute } from './resolve.ts';
import { type Source, under } from './source.ts';
import { suggest } from './suggest.ts';
import { vaultKind } from './vaults.ts';
import { wiresOf } from './wire.ts';

/**
 * Makes the bindings of a plan that has no mistakes and leads them to one another.
 *
 * @param order the names of its bindings, each after those that it leads to
 * @throws ConfigError if a binding or a vault refuses its options
 */
export function assemble(
  source: Source,
  plan: Plan,
  order: Iterable<string>,
  supplied: Supplies,
  { dir, drain, scheduler: clock = eventLoop, file, onEvent }: CompileOptions,
): Graph {
  const bindings = new Map<string, Binding<Protocol>>(Object.entries(supplied.bindings));
  const scheduler = new Life(clock);
  const servers: Observable<never>[] = [scheduler.running];
  const state = dir ?? join('.sluice', plan.name);

  /** What `make` answers, or nothing once its refusal is reported. */
  const attempt = <T>(
    make: () => T,
    pointers: readonly [string, ...string[]],
    narrowed = (): string => pointers[0],
  ): T | undefined => {
    try {
      return make();
    } catch (thrown) {
      if (!(thrown instanceof SluiceError)) throw thrown;
      if (thrown instanceof ExpressionError) {
        const { text, expression, known } = thrown;
        const found = source.find(narrowed(), text, expression);
        if (found !== undefined && !source.hasResolved(found.pointer)) {
          source.error('CONFIG_REFUSED', found.at, thrown.message, suggest(expression, known));
          return undefined;
        }
      }
      // A reason may quote a value, and what an expression gave must not be shown.
      const hidden = pointers.some((pointer) => source.hasResolved(pointer));
      const message = hidden ? `${thrown.code}: ${codes[thrown.code]}` : thrown.message;
      // Most reasons begin with the option that they are about.
      const [, option = ''] = /^\w+: (\w+) /.exec(thrown.message) ?? [];
      source.error('CONFIG_REFUSED', source.place(under(`${pointers[0]}/options`, option)).value, message);
      return undefined;
    }
  };

  const base = file === undefined ? '.' : dirname(file);
  const made = new Map(
    [...plan.vaults].map(([name, { type, options, pointer }]) => {
      return [name, attempt(() => vaultKind(type)?.make(options as never, base), [pointer])];
    }),
  );

  const guards = new Map<string, Guard>(Object.entries(supplied.guards));
  for (const [name, { type, options, pointer }] of plan.guards) {
    if (guards.has(name)) continue;
    const parts = { scheduler, onFault: guardEvents(name, onEvent, scheduler) };
    const guard = attempt(() => guardKind(type)?.make(options as never, parts), [pointer]);
    if (guard !== undefined) guards.set(name, guard);
  }

  const bindingOf = (name: string): Binding<Protocol> => bindings.get(name) as Binding<Protocol>;
  const passing = ({ guarded: roles }: PlannedRoute, exit: Binding<Protocol>): Binding<Protocol> =>
    Object.keys(roles).length === 0 ? exit : (guarded(roles, scheduler)(exit as never) as Binding<Protocol>);

  const add = (planned: Planned): void => {
    const { name, kind, options, vault, pointer } = planned;
    const parts: Omit<Parts<unknown, unknown, unknown, unknown>, 'exit'> = {
      name,
      options: options ?? {},
      routes: kind.routed === 'itself' ? routesOf(planned, bindingOf, passing) : [],
      vault: vault === undefined ? undefined : made.get(vault),
      guards,
      base,
      dir: join(state, name),
      events: bindingEvents(name, onEvent, scheduler),
      drain,
      scheduler,
    };
    probe(planned);
    const isWithoutVault = vault !== undefined && parts.vault === undefined;
    const make = (exit: Binding<Protocol>): unknown => {
      const made = kind.make as (parts: Parts<unknown, unknown, unknown, unknown>) => unknown;
      const from = [pointer, under('/vaults', vault ?? '')] as const;
      const refused = (): string => {
        const index = parts.routes.findIndex((route) => throws(() => made({ ...parts, exit, routes: [route] })));
        return index < 0 ? pointer : `${pointer}/routes/${index}`;
      };
      return isWithoutVault ? undefined : attempt(() => made({ ...parts, exit }), from, refused);
    };
    const each = once((exit) => (make(bindingOf(exit)) ?? refuses) as Binding<Protocol>);
    const product =
      kind.routed === 'entry'
        ? leading(planned, each, passing)
        : make(
            kind.exit === 'none'
              ? refuses
              : leading(kind.routed === 'itself' ? { ...planned, routes: [] } : planned, bindingOf, passing),
          );
    if (kind.entry !== 'none') {
      const binding = (product ?? refuses) as Binding<Protocol> & Partial<Beside>;
      bindings.set(name, taking(planned, binding, passing));
      if (binding.running !== undefined) servers.push(binding.running);
    } else if (product !== undefined) servers.push(product as Observable<never>);
  };

  /** Tries every condition once, so that one that cannot be met is refused now rather than with each stream. */
  const probe = ({ kind, routes, pointer }: Planned): void => {
    for (const [index, { when = [] }] of routes.entries()) {
      for (const [place, condition] of when.entries()) {
        attempt(() => takes(kind, [condition], {}), [`${pointer}/routes/${index}/when/${place}`]);
      }
    }
  };

  for (const name of order) if (!bindings.has(name)) add(plan.bindings.get(name) as Planned);
  if (source.failed) throw new ConfigError(source.problems);
  return new Graph(plan.name, source.problems, nodesOf(plan, supplied.bindings), bindings, servers);
}

/** Whether it does. */
function throws(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

/** Asks `make` once for each name. */
function once<T>(make: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const made = known.get(name) ?? make(name);
    known.set(name, made);
    return made;
  };
}

/** An exit, behind the guards of a route. */
type Passing = (route: PlannedRoute, exit: Binding<Protocol>) => Binding<Protocol>;

/** What a binding leads to: its routes in order, then its exit. */
function leading(
  { kind, routes, exit }: Planned,
  bindingOf: (name: string) => Binding<Protocol>,
  passing: Passing,
): Binding<Protocol> {
  const last = exit === undefined ? undefined : bindingOf(exit);
  if (routes.length === 0 && last !== undefined) return last;
  const ways = routes.map((way) => ({ when: way.when, exit: passing(way, bindingOf(way.exit as string)) }));
  return route((begin) => ways.find(({ when }) => takes(kind, when, begin))?.exit ?? last);
}

/** The routes of a binding that tries them itself. */
const routesOf = (
  { routes }: Planned,
  bindingOf: (name: string) => Binding<Protocol>,
  passing: Passing,
): OwnRoute<unknown, unknown, unknown>[] =>
  routes.map((way) => ({
    when: way.when ?? [],
    with: way.with,
    exit: passing(way, bindingOf(way.exit as string)),
  }));

/** A binding without an exit takes, if it has routes, what one of them takes. */
function taking({ kind, routes }: Planned, binding: Binding<Protocol>, passing: Passing): Binding<Protocol> {
  if (kind.exit !== 'none' || routes.length === 0) return binding;
  const ways = routes.map((way) => ({ when: way.when, entry: passing(way, binding) }));
  return route((begin) => ways.find(({ when }) => takes(kind, when, begin))?.entry);
}

function takes(kind: Kind, when: readonly unknown[] | undefined, begin: unknown): boolean {
  const matches = kind.matches as ((when: unknown, begin: unknown) => boolean) | undefined;
  return when === undefined || when.length === 0 || when.some((condition) => matches?.(condition, begin));
}

const refuses: Binding<Protocol> = route(() => undefined);

function nodesOf({ bindings }: Plan, supplied: Supplied): GraphNode[] {
  const declared = [...bindings.values()].filter(({ name }) => !Object.hasOwn(supplied, name));
  return [
    ...declared.map((planned): GraphNode => {
      const { name, kind, options, routes } = planned;
      const exits = wiresOf(planned).map(({ to }, index) => ({ to, when: routes[index]?.when ?? [] }));
      const runs = kind.entry === 'none' || kind.runs?.((options ?? {}) as never) === true;
      return { name, type: kind.type, kind: kind.kind, entry: kind.entry, exit: kind.exit, exits, runs };
    }),
    ...Object.keys(supplied).map((name) => ({
      name,
      type: 'code',
      kind: 'code',
      entry: 'unknown',
      exit: 'none',
      exits: [],
      runs: false,
    })),
  ];
}
