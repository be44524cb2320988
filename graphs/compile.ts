import type { SchedulerLike } from 'rxjs';
import { stringify } from 'yaml';
import type { Guard } from '../src/protocol/guard.ts';
import { assemble } from './assemble.ts';
import type { Operator } from './builder.ts';
import { record } from './data.ts';
import type { GraphEvent } from './events.ts';
import type { Env } from './expressions.ts';
import type { Graph } from './graph.ts';
import { findIdleGuards } from './idle-guards.ts';
import { parse } from './parse.ts';
import { ConfigError } from './problem.ts';
import { resolve } from './resolve.ts';
import { Source } from './source.ts';
import { connect } from './wire.ts';

/** Bindings that code supplies, by the name that a config refers to. */
export type Supplied = Readonly<Record<string, Operator>>;

export interface CompileOptions {
  /** Bindings of the caller's own. One that the config declares too takes the place of what it declares. */
  readonly bindings?: Supplied;
  /** Guards of the caller's own. One that the config declares too takes the place of what it declares. */
  readonly guards?: Readonly<Record<string, Guard>>;
  /** Where bindings keep state, each in a directory of its own; `.sluice/<name>` by default. */
  readonly dir?: string;
  /** How long servers give open streams to finish once unsubscribed, in milliseconds; 5,000 by default. */
  readonly drain?: number;
  /** What gives all time; the event loop by default. */
  readonly scheduler?: SchedulerLike;
  /** What `${{env.NAME}}` reads; the environment of the process by default. */
  readonly env?: Env;
  /** Told what the graph does while it runs; without it, defects of single streams are printed. */
  readonly onEvent?: (event: GraphEvent) => void;
  /** The name of the config in messages. Relative paths of a vault are looked up from its directory. */
  readonly file?: string;
}

/**
 * Compiles a config to a graph: YAML text, the same as plain data, or what `graph(...)` answers. Nothing is started,
 * and no network, no store and no key is touched.
 *
 * @throws ConfigError with every mistake in it
 */
export function compile(config: string | object, options: CompileOptions = {}): Graph {
  const written = typeof config === 'string' ? { text: config, bindings: {}, guards: {} } : write(config);
  const bindings = { ...written.bindings, ...options.bindings };
  const guards = { ...written.guards, ...options.guards };
  const source = new Source(options.file ?? 'config', written.text);
  const value = parse(source, options.env ?? process.env);
  if (value === undefined) throw new ConfigError(source.problems);
  const plan = resolve(source, value, Object.keys(guards));
  const order = connect(source, plan, new Set(Object.keys(bindings)));
  findIdleGuards(source, plan);
  if (source.failed) throw new ConfigError(source.problems);
  return assemble(source, plan, order, { bindings, guards }, options);
}

/** What code supplies to a graph. */
export interface Supplies {
  readonly bindings: Supplied;
  readonly guards: Readonly<Record<string, Guard>>;
}

/** Data written out as YAML, so that a mistake in it has a place; what is code in it stands apart. */
function write(config: object): Supplies & { readonly text: string } {
  let data = config;
  const apart = <T>(section: string, isCode: (value: unknown) => boolean): Record<string, T> => {
    const all = Object.entries(record(record(config)[section]));
    const code = all.filter(([, value]) => isCode(value));
    const rest = Object.fromEntries(all.filter(([, value]) => !isCode(value)));
    if (code.length > 0) data = { ...data, [section]: rest };
    return Object.fromEntries(code) as Record<string, T>;
  };
  const bindings = apart<Operator>('bindings', (value) => typeof value === 'function');
  const guards = apart<Guard>('guards', (value) => typeof record(value).identify === 'function');
  return { text: stringify(data, { lineWidth: 0 }), bindings, guards };
}
