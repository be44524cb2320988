import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../broker/root.ts';

/** A fenced block of code in a page. */
export interface Block {
  /** The page, from the root of the package. */
  readonly page: string;
  /** Where its first line stands, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** The pages that a reader sees: README, CONTRIBUTING, CHANGELOG and all below docs. */
export const pages: readonly { readonly path: string; readonly text: string }[] = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(packageRoot(), 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].map((path) => ({ path, text: readFileSync(join(packageRoot(), path), 'utf8') }));

/** Every fenced block of every page. */
export const blocks: readonly Block[] = pages.flatMap(({ path, text }) =>
  [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
    page: path,
    line: text.slice(0, match.index).split('\n').length + 1,
    language: match[1] as string,
    text: match[2] as string,
  })),
);
