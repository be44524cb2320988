import { under } from './source.ts';

/** A mapping of a config, of which nothing is known yet. */
export type Section = Readonly<Record<string, unknown>>;

/** One of the named things in a section, and its JSON pointer. */
export interface Child {
  readonly name: string;
  readonly value: Section;
  readonly pointer: string;
}

const isRecord = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The mapping, or an empty one where something else stands. */
export const record = (value: unknown): Section => (isRecord(value) ? value : {});

/** The list of mappings, each as `record` reads it, or an empty one where something else stands. */
export const list = (value: unknown): readonly Section[] => (Array.isArray(value) ? value.map(record) : []);

/** The string, if it is one. */
export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The named mappings in a section of the top level. */
export const children = (root: Section, section: string): readonly Child[] =>
  Object.entries(record(root[section])).map(([name, value]) => ({
    name,
    value: record(value),
    pointer: under(`/${section}`, name),
  }));
