import type { SchedulerLike } from 'rxjs';
import { stringify } from 'yaml';
import type { Binding, Protocol } from '../src/protocol.ts';
import { assemble } from './assemble.ts';
import type { Operator } from './builder.ts';
import { record } from './data.ts';
import type { GraphEvent } from './events.ts';
import type { Env } from './expressions.ts';
import type { Graph } from './graph.ts';
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
  const written = typeof config === 'string' ? { text: config, inline: {} } : write(config);
  const supplied = { ...written.inline, ...options.bindings };
  const source = new Source(options.file ?? 'config', written.text);
  const value = parse(source, options.env ?? process.env);
  if (value === undefined) throw new ConfigError(source.problems);
  const plan = resolve(source, value);
  const order = connect(source, plan, new Set(Object.keys(supplied)));
  if (source.failed) throw new ConfigError(source.problems);
  return assemble(source, plan, order, supplied, options);
}

/** Data written out as YAML, so that a mistake in it has a place; the bindings in it that are code stand apart. */
function write(config: object): { text: string; inline: Supplied } {
  const inline: Record<string, Binding<Protocol>> = {};
  const bindings: Record<string, unknown> = {};
  for (const [name, binding] of Object.entries(record(record(config).bindings))) {
    if (typeof binding === 'function') inline[name] = binding as Binding<Protocol>;
    else bindings[name] = binding;
  }
  const data = 'bindings' in config && Object.keys(inline).length > 0 ? { ...config, bindings } : config;
  return { text: stringify(data, { lineWidth: 0 }), inline };
}
