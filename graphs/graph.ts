import { merge, NEVER, type Observable } from 'rxjs';
import { SluiceError } from '../src/errors.ts';
import type { Decoding } from '../src/messages/decoding.ts';
import type { Encodable, Encoding } from '../src/messages/encoding.ts';
import { type Messages, type MessagesItem, type MessagesOptions, messages } from '../src/messages/messages.ts';
import { type ProduceOptions, type Producer, produce } from '../src/messages/producer.ts';
import type { Kafka } from '../src/protocol/kafka.ts';
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
  /** Whether it does something of its own while the graph runs: a server, or a cache_server that keeps topics fresh. */
  readonly runs: boolean;
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
   * The messages of a topic, read through a binding that takes kafka streams, as `messages` reads them.
   *
   * @example
   * for await (const { key, value } of graph.messages('app', { topic: 'orders', from: 'earliest', value: 'json' })) {
   *   await handle(value);
   * }
   *
   * @throws SluiceError CONFIG_UNKNOWN_BINDING, CONFIG_PROTOCOL, OPTION_INVALID
   */
  messages<const K extends Decoding = 'bytes', const V extends Decoding = 'bytes', const M extends boolean = false>(
    binding: string,
    options: MessagesOptions<K, V, M>,
  ): Messages<MessagesItem<K, V, M>> {
    return messages(this.kafka(binding), options);
  }

  /**
   * Writes to a topic through a binding that takes kafka streams, as `produce` does.
   *
   * @example
   * const orders = graph.produce('app', { topic: 'orders', value: 'json' });
   * const { partition, offset } = await orders.send({ key: 'a', value: { total: 5 } });
   *
   * @throws SluiceError CONFIG_UNKNOWN_BINDING, CONFIG_PROTOCOL, OPTION_INVALID
   */
  produce<const K extends Encoding = 'bytes', const V extends Encoding = 'bytes'>(
    binding: string,
    options: ProduceOptions<K, V>,
  ): Producer<Encodable<K>, Encodable<V>> {
    return produce(this.kafka(binding), options);
  }

  /** The operator of that name, if it takes kafka streams. @throws SluiceError CONFIG_UNKNOWN_BINDING, CONFIG_PROTOCOL */
  kafka(name: string): Binding<Kafka> {
    const binding = this.binding<Kafka>(name);
    const fits = ({ entry }: GraphNode): boolean => entry === 'kafka' || entry === 'unknown';
    if (this.nodes.some((node) => node.name === name && fits(node))) return binding;
    const others = this.nodes.filter(fits).map((node) => node.name);
    const known = others.length === 0 ? 'none of this graph does' : `these do: ${others.join(', ')}`;
    throw new SluiceError('CONFIG_PROTOCOL', `${name} takes no kafka streams; ${known}`);
  }

  /**
   * Runs the servers: subscribing starts them all, unsubscribing stops them, each draining first. Errors if one
   * cannot start; never completes, not even without a server.
   */
  run(): Observable<never> {
    return merge(NEVER, ...this.#servers);
  }
}
