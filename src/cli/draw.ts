import { match } from 'ts-pattern';
import type { Graph, GraphEdge, GraphNode } from '../../graphs/index.ts';

/** The languages that a graph can be drawn in. */
export const formats = ['mermaid', 'dot'] as const;
export type Format = (typeof formats)[number];

/** A drawing of a graph: its bindings, and where each leads on which condition. */
export function draw(graph: Graph, format: Format): string {
  const ids = new Map(graph.nodes.map(({ name }, index) => [name, `n${index}`]));
  const id = (name: string): string => ids.get(name) ?? name;
  const edges = graph.nodes.flatMap((node) => node.exits.map((edge) => ({ node, edge })));
  return match(format)
    .with('mermaid', () => [
      'flowchart LR',
      ...graph.nodes.map((node) => `  ${id(node.name)}["${mermaid(node.name)}<br/>${mermaid(what(node))}"]`),
      ...edges.map(({ node, edge }) => `  ${id(node.name)} -->|"${mermaid(says(node, edge))}"| ${id(edge.to)}`),
    ])
    .with('dot', () => [
      `digraph ${dot(graph.name)} {`,
      '  rankdir=LR;',
      '  node [shape=box];',
      ...graph.nodes.map((node) => `  ${id(node.name)} [label=${dot(`${node.name}\n${what(node)}`)}];`),
      ...edges.map(({ node, edge }) => `  ${id(node.name)} -> ${id(edge.to)} [label=${dot(says(node, edge))}];`),
      '}',
    ])
    .exhaustive()
    .join('\n');
}

const what = ({ type, kind }: GraphNode): string => (type === kind ? type : `${type} ${kind}`);

/** What goes along an edge: the protocol, and on which conditions. */
const says = ({ exit }: GraphNode, { when }: GraphEdge): string =>
  [exit, ...when.map((condition) => `when ${inLine(condition)}`)].join('\n');

/** A condition, or a value of one, in a line. */
const inLine = (value: unknown): string =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value)
        .map(([key, inner]) => `${key} ${inLine(inner)}`)
        .join(', ')
    : String(value);

const mermaid = (text: string): string =>
  text.replaceAll(/[^\w .,:*/-]/gu, (character) => (character === '\n' ? '<br/>' : `#${character.codePointAt(0)};`));

const dot = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
