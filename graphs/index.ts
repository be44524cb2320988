export * from '../src/messages/index.ts';
export { type BindingConfig, type Config, type GuardConfig, graph, type VaultConfig } from './builder.ts';
export { type CompileOptions, compile, type Supplied } from './compile.ts';
export type { GraphEvent } from './events.ts';
export { type Env, env } from './expressions.ts';
export { Graph, type GraphEdge, type GraphNode } from './graph.ts';
export { ConfigError, type Problem, render } from './problem.ts';
export { jsonSchema } from './publish.ts';
