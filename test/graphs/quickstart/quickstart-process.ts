import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../broker/root.ts';
import { sourceArguments } from '../../cli/process.ts';

/** Builds what `npm run quickstart` builds before it starts. */
export function buildQuickstart(): void {
  const { status, stderr } = spawnSync('npm', ['run', '--silent', 'build:quickstart'], {
    cwd: packageRoot(),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the quickstart does not build: ${stderr}`);
}

/** What node is given to run it as it is built. */
export const builtArguments = (args: readonly string[]): string[] => [
  join(packageRoot(), 'dist/quickstart/main.js'),
  ...args,
];

/** What node is given to run it from its sources. The page is served only once it is built. */
export const unbuiltArguments = (args: readonly string[]): string[] =>
  sourceArguments('graphs/quickstart/main.ts', args);

/** A running quickstart. */
export class Quickstart {
  readonly child: ChildProcess;
  /** All that it printed. */
  printed = '';
  readonly ended: Promise<number | null>;

  /** @param args what node is given */
  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const output of [this.child.stdout, this.child.stderr]) output?.on('data', (chunk) => (this.printed += chunk));
    this.ended = new Promise((done) => this.child.on('close', done));
  }

  /** Where it listens, once it does. */
  async url(): Promise<string> {
    for (;;) {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(this.printed)?.[0];
      if (found !== undefined) return found;
      const output = new Promise((done) => this.child.stdout?.once('data', done));
      if ((await Promise.race([output, this.ended])) === null || this.child.exitCode !== null)
        throw new Error(`it ended: ${this.printed}`);
    }
  }

  /** Ends it; answers its exit code. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }
}
