import type { Kind } from './kind.ts';
import type { Plan, Planned } from './resolve.ts';
import type { Source } from './source.ts';
import { a, suggest } from './suggest.ts';

/** Where one binding leads to another: the name, and the JSON pointer of where it is written. */
export interface Wire {
  readonly to: string;
  readonly pointer: string;
}

/** The wires of a binding, its routes first. */
export function wiresOf({ kind, routes, exit, pointer }: Planned): Wire[] {
  if (kind.exit === 'none') return [];
  const wires = routes.map((route, index) => ({ to: route.exit, pointer: `${pointer}/routes/${index}/exit` }));
  return [...wires, { to: exit, pointer: `${pointer}/exit` }].filter((wire): wire is Wire => wire.to !== undefined);
}

/**
 * Follows every exit of a plan, and reports those that lead nowhere, or to a binding that speaks another protocol, or
 * round in a circle; and the bindings that no server leads to.
 *
 * @param supplied the names of the bindings that code supplies, which may speak anything
 * @returns the names of the plan's bindings, each after those that it leads to
 */
export function connect(source: Source, plan: Plan, supplied: ReadonlySet<string>): Iterable<string> {
  const { bindings } = plan;
  for (const binding of bindings.values()) {
    for (const wire of wiresOf(binding)) {
      const target = bindings.get(wire.to);
      if (target !== undefined) join(source, plan, binding.kind, wire, target.kind);
      else if (!supplied.has(wire.to)) {
        const takers = [...bindings.values()].filter(
          ({ name, kind }) => kind.entry !== 'none' && name !== binding.name,
        );
        const suggestion = suggest(wire.to, [...takers.map(({ name }) => name), ...supplied]);
        const message = `no binding is named ${source.quote(wire.pointer)}`;
        source.error('CONFIG_UNKNOWN_EXIT', source.place(wire.pointer).value, message, suggestion);
      }
    }
  }
  findUnreachable(source, plan);
  return inOrder(source, plan);
}

function join(source: Source, plan: Plan, from: Kind, wire: Wire, to: Kind): void {
  if (from.exit === to.entry || from.exit === 'unknown' || to.entry === 'unknown') return;
  const takes = to.entry === 'none' ? 'takes no streams' : `takes ${to.entry} streams`;
  const message = `${a(nameOf(from))} opens ${from.exit} streams, and ${source.quote(wire.pointer)}, ${a(nameOf(to))}, ${takes}`;
  const fitting = [...plan.bindings.values()]
    .filter(({ kind }) => kind.entry === from.exit)
    .map(({ name }) => `\`${name}\``);
  const suggestion =
    fitting.length > 0
      ? `these take ${from.exit} streams: ${fitting.join(', ')}`
      : `no binding here takes ${from.exit} streams`;
  source.error('CONFIG_PROTOCOL', source.place(wire.pointer).value, message, suggestion);
}

const nameOf = ({ type, kind }: Kind): string => `${type} ${kind}`;

/** Orders bindings so that each comes after those it leads to; reports each circle, at the exit that closes it. */
function inOrder(source: Source, { bindings }: Plan): ReadonlySet<string> {
  const done = new Set<string>();
  for (const start of bindings.keys()) {
    // A path of any length is walked without recursion.
    const path: { name: string; left: Wire[] }[] = [];
    const enter = (name: string): void => {
      const binding = bindings.get(name);
      if (binding !== undefined && !done.has(name)) path.push({ name, left: wiresOf(binding) });
    };
    enter(start);
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      const wire = at.left.shift();
      if (wire === undefined) {
        done.add(at.name);
        path.pop();
        continue;
      }
      const back = path.findIndex(({ name }) => name === wire.to);
      if (back < 0) enter(wire.to);
      else {
        const circle = [...path.slice(back).map(({ name }) => name), wire.to].map((name) => `\`${name}\``).join(' -> ');
        const { value } = source.place(wire.pointer);
        source.error('CONFIG_CYCLE', value, `exits lead round in a circle: ${circle}`, 'lead this exit elsewhere');
      }
    }
  }
  return done;
}

function findUnreachable(source: Source, { bindings }: Plan): void {
  const reached = new Set([...bindings.values()].filter(({ kind }) => kind.entry === 'none').map(({ name }) => name));
  // Without a server, it is code that opens streams, wherever it likes; and a mistake may be what cuts a binding off.
  if (reached.size === 0 || source.failed) return;
  for (const name of reached) {
    const binding = bindings.get(name);
    if (binding !== undefined) for (const { to } of wiresOf(binding)) reached.add(to);
  }
  for (const { name, pointer } of bindings.values()) {
    if (reached.has(name)) continue;
    source.warning(
      'CONFIG_UNREACHABLE',
      source.place(pointer).key,
      `no server leads to \`${name}\``,
      'name it as an exit, or leave it out',
    );
  }
}
