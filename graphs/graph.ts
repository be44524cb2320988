import { merge, NEVER, type Observable } from 'rxjs';
import { SluiceError } from '../src/errors.ts';
import type { Binding, Protocol } from '../src/protocol.ts';
import type { Problem } from './problem.ts';
import { suggest } from './suggest.ts';

/** A binding as it stands in a graph. */
export interface GraphNode {
  readonly name: string;
  /** Both are `code` for a binding that code supplies. */
  readonly type: string;
  readonly kind: string;
  /** What its streams speak: at its entry, or `none` for a server, and at its exit. */
  readonly entry: string;
  readonly exit: string;
  /** Where it leads, its routes first. */
  readonly exits: readonly GraphEdge[];
}

/** A way from one binding to another. */
export interface GraphEdge {
  readonly to: string;
  /** The conditions of the route, any of which takes a stream; none for the exit, which takes the rest. */
  readonly when: readonly unknown[];
}

/** What a config compiles to: its bindings, made and led to one another; nothing runs yet. */
export class Graph {
  readonly name: string;
  /** What the compiler found odd, though not wrong. */
  readonly warnings: readonly Problem[];
  /** The bindings in the order of the config, then those that code supplies. */
  readonly nodes: readonly GraphNode[];
  readonly #bindings: ReadonlyMap<string, Binding<Protocol>>;
  readonly #servers: readonly Observable<never>[];

  constructor(
    name: string,
    warnings: readonly Problem[],
    nodes: readonly GraphNode[],
    bindings: ReadonlyMap<string, Binding<Protocol>>,
    servers: readonly Observable<never>[],
  ) {
    this.name = name;
    this.warnings = warnings;
    this.nodes = nodes;
    this.#bindings = bindings;
    this.#servers = servers;
  }

  /** The operator that a name stands for. @throws SluiceError CONFIG_UNKNOWN_BINDING */
  binding<P extends Protocol>(name: string): Binding<P> {
    const binding = this.#bindings.get(name);
    if (binding !== undefined) return binding as Binding<P>;
    const near = suggest(name, this.#bindings.keys());
    throw new SluiceError(
      'CONFIG_UNKNOWN_BINDING',
      `no binding of ${this.name} that takes streams is named ${name}; ${near}`,
    );
  }

  /**
   * Runs the servers: subscribing starts them all, unsubscribing stops them, each draining first. Errors if one
   * cannot start; never completes, not even without a server.
   */
  run(): Observable<never> {
    return merge(NEVER, ...this.#servers);
  }
}
