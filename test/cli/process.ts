import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../broker/root.ts';

export const root = packageRoot();

const asModule = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;

/** Has node read the sources as they are, so that the process is tested without a build. */
const hooks = asModule(`
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
const { transformSync } = createRequire(${JSON.stringify(join(root, 'package.json'))})('@swc/core');
const jsc = { parser: { syntax: 'typescript' }, target: 'es2022' };
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { code } = transformSync(readFileSync(fileURLToPath(url), 'utf8'), { jsc, module: { type: 'es6' } });
  return { format: 'module', source: code, shortCircuit: true };
}`);
const loader = asModule(`import { register } from 'node:module'; register(${JSON.stringify(hooks)});`);

/** What node is given to run a source, by its path from the root. */
export const sourceArguments = (path: string, args: readonly string[]): string[] => [
  '--import',
  loader,
  join(root, path),
  ...args,
];

/** Runs a source that writes, and kills it some milliseconds after it has said something; answers the whole lines that it said. */
export const killed = (path: string, args: readonly string[], delay: number): Promise<string[]> =>
  new Promise((resolve, fail) => {
    const child = spawn(process.execPath, sourceArguments(path, args));
    let told = '';
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), delay));
    child.stdout.on('data', (chunk) => {
      told += chunk;
    });
    child.on('close', (_, signal) => {
      const lines = told.split('\n').slice(0, -1);
      if (signal !== 'SIGKILL' || lines.length === 0) fail(new Error(`ended by ${signal}: ${errors}`));
      else resolve(lines);
    });
  });

/** What node is given to run `sluice`. */
export const sluiceArguments = (args: readonly string[]): string[] => sourceArguments('src/cli/main.ts', args);

/** A running `sluice`. What it prints is left in its pipe, unless `stdout` is read. */
export class Process {
  readonly child: ChildProcess;
  readonly ended: Promise<readonly [code: number | null, signal: string | null]>;
  err = '';

  constructor(args: readonly string[], env: Record<string, string> = {}, [stdin, stdout] = ['ignore', 'ignore']) {
    this.child = spawn(process.execPath, sluiceArguments(args), {
      env: { ...process.env, ...env },
      stdio: [stdin as 'ignore' | 'pipe', stdout as 'ignore' | 'pipe', 'pipe'],
    });
    this.child.stderr?.on('data', (chunk) => {
      this.err += chunk;
    });
    this.ended = new Promise((done) => this.child.on('exit', (code, signal) => done([code, signal])));
  }

  /** Waits for something to be logged. */
  logged(what: RegExp): Promise<RegExpExecArray> {
    return new Promise((done, fail) => {
      const look = (): void => {
        const found = what.exec(this.err);
        if (found) done(found);
      };
      look();
      this.child.stderr?.on('data', look);
      this.child.on('close', () => fail(new Error(`ended: ${this.err}`)));
    });
  }
}
