import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import pc from 'picocolors';
import { type CompileOptions, ConfigError, compile, type Graph, render } from '../../graphs/index.ts';
import { SluiceError } from '../errors.ts';
import type { Io, Terminal } from './io.ts';

// More than a config may have, so that one that is too large is still told so.
const MOST_BYTES = 1024 * 1024;

/** Compiles a file: YAML, or a module (`.js`, `.mjs`) whose default export is a config. */
export async function load(file: string, io: Io, options: CompileOptions = {}): Promise<Graph> {
  return compile(await read(file), { ...options, env: io.env, file });
}

async function read(file: string): Promise<string | object> {
  try {
    if (/\.m?js$/.test(file)) return configOf(await import(pathToFileURL(resolve(file)).href));
    const chunks: Buffer[] = [];
    for await (const chunk of createReadStream(file, { end: MOST_BYTES })) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  } catch (thrown) {
    throw new SluiceError('CLI_FILE', `${file}: ${(thrown as Error).message}`, { cause: thrown });
  }
}

function configOf(module: { default?: unknown }): object {
  if (typeof module.default === 'object' && module.default !== null) return module.default;
  throw new TypeError('its default export is no config');
}

/** Writes what kept a file from being compiled; what is not about the file is thrown on. */
export function explain(thrown: unknown, io: Terminal): void {
  if (!(thrown instanceof SluiceError)) throw thrown;
  if (!(thrown instanceof ConfigError)) return io.err(`${thrown.message}\n`);
  const paint = pc.createColors(io.isTerminal);
  for (const problem of thrown.problems) io.err(`${render(problem, paint)}\n`);
}
